// SPDX-License-Identifier: GPL-3.0-or-later
// Strategies against each other with an oracle: the loop and the engine of the
// window, played without a reader.
//
// R trainings per strategy and repeat, at B, 2B, … R·B labels. The first B are
// random and the same for every strategy of a repeat, and so is their training,
// which is done once. Labels come from hidden truth (else from what readers
// said) of training samples; metrics are of the test side. Writes no event:
// everything lies in runs/NNNN-simulate/, a round in
// rounds/<strategy>-<repeat>-<round>/. Rounds that have their MANIFEST are not
// trained again. Same seed and threads: same rows. A round whose labels are of
// one class is not trained and has no row. Thread: that of the object.
#pragma once

#include "base/Job.h"
#include "session/EngineProcess.h"
#include "session/Loop.h"
#include "session/Project.h"
#include "session/Selection.h"

#include <QObject>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace foveate::session {

struct SimulationOptions {
  std::vector<std::string> strategies{"entropy", "random"};
  int rounds = 7;
  int batch = 20;
  int repeats = 1;
  std::uint64_t seed = 1;
  nlohmann::json training =
      nlohmann::json::object(); ///< options of the engine's train job: preset,
                                ///< epochs …
  std::string run; ///< as `--run`: the pretrained weights to start from
  int threads =
      0; ///< of one engine; 0: the processors shared among the engines
  int engines = 0; ///< side by side; 0: one per processor up to four. The rows
                   ///< do not depend on it
  std::string device = "auto";
  bool keep = false;  ///< keep each round's weights and features
  std::string resume; ///< "": a new folder; else a run id to go on with,
                      ///< "newest": the newest unfinished with these options
  EngineOptions engine;
};

struct SimulationRow {
  std::string strategy;
  int repeat = 1; ///< from 1
  std::int64_t labels = 0;
  std::string metric; ///< accuracy, balanced_accuracy, auc, f1_macro
  double value = 0;
  double seconds = 0; ///< of the round's training and scoring
};

struct SimulationPoint { ///< over repeats
  std::string strategy;
  std::int64_t labels = 0;
  std::string metric;
  double mean = 0,
         spread = 0; ///< standard deviation (n − 1); 0 with one repeat
  int repeats = 0;
};

nlohmann::json toJson(const std::vector<SimulationRow> &rows);
std::vector<SimulationPoint> summarise(const std::vector<SimulationRow> &rows);
/// Mean over repeats of the area under metric against labels, divided by the
/// range of labels.
std::map<std::string, double>
areaUnderCurve(const std::vector<SimulationRow> &rows,
               const std::string &metric);

class Simulation : public QObject {
  Q_OBJECT
public:
  /// Takes all it needs from the project, which may be released afterwards.
  /// noTruth, needsLabels (no test reference; pool smaller than rounds·batch),
  /// notFound (strategy), usage.
  static Result<std::unique_ptr<Simulation>> prepare(Project &project,
                                                     SimulationOptions options);
  ~Simulation() override;

  void start();
  /// Engines save a checkpoint; failed(cancelled) follows. Started again with
  /// `resume` it goes on.
  void stop();
  const std::string &folder() const;
  const std::vector<SimulationRow> &rows() const;

Q_SIGNALS:
  void progressed(
      const foveate::Progress &progress); ///< step: rounds done, of: rounds
  void rowsAdded();
  void finished();
  void failed(const foveate::Error &error);

private:
  struct State;
  explicit Simulation(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

} // namespace foveate::session
