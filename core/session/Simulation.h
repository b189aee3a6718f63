// SPDX-License-Identifier: GPL-3.0-or-later
// Strategies against each other with an oracle: the loop and the engine of the window, played without a reader.
//
// R trainings per strategy and repeat, at B, 2B, … R·B labels (or growing batches). The first B are random and the same
// for every strategy of a repeat, and so is their training, which is done once and counts for each. Labels come from
// hidden truth (else from what was said) of training samples; metrics are of the test side. Writes no event: everything
// lies in runs/NNNN-simulate/, a round in rounds/<strategy>-<repeat>-<round>/. Rounds that have their MANIFEST are not
// trained again; a strategy that needs more than probabilities is ranked by an engine too, in
// rounds/<strategy>-<repeat>-<round>-select/. Same seed and threads: same rows. Labels of one class alone are not
// trained on: that round has no row. Thread: that of the object.
#pragma once

#include "base/Job.h"
#include "session/EngineProcess.h"
#include "session/Project.h"

#include <QObject>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace foveate::session {

struct SimulationOptions {
    std::vector<std::string> strategies{"entropy", "random"};
    int rounds = 7;
    int batch = 20; ///< labels more in each round
    /// Larger than `batch`: each round adds as many labels as there are, at least `batch`, at most so many (P4 §V.C).
    int largestBatch = 0;
    /// Of the engine's select job (query/Options.h).
    nlohmann::json selecting = nlohmann::json::object();
    int repeats = 1;
    std::uint64_t seed = 1;
    /// Of the engine's train job: preset, epochs … What is not said is the project's recipe.
    nlohmann::json training = nlohmann::json::object();
    std::string run; ///< as `--run`: the pretrained weights to start from
    int threads = 0; ///< of all engines together; 0: one per processor
    /// Side by side; 0: one per thread, four at most. Each has threads / engines threads.
    int engines = 0;
    std::string device = "auto";
    bool keep = false; ///< keep each round's weights and features
    /// "": a new folder. "newest": the newest unfinished one with the same options, else a new one.
    std::string resume;
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
    double mean = 0;
    double spread = 0; ///< standard deviation (n − 1); 0 with one repeat
    int repeats = 0;
};

nlohmann::json toJson(const std::vector<SimulationRow>& rows);
/// Reads what toJson() wrote, or an object that has it as "rows"; badInput.
Result<std::vector<SimulationRow>> simulationRows(std::string_view json);
std::vector<SimulationPoint> summarise(const std::vector<SimulationRow>& rows);
/// Mean over repeats of the area under metric against labels, divided by the range of labels.
std::map<std::string, double> areaUnderCurve(const std::vector<SimulationRow>& rows, const std::string& metric);

class Simulation : public QObject {
    Q_OBJECT
public:
    /// Takes all it needs from the project, which may be released afterwards. noTruth, needsLabels (no test
    /// reference; pool smaller than rounds·batch), notFound (strategy), usage.
    static Result<std::unique_ptr<Simulation>> prepare(Project& project, SimulationOptions options);
    ~Simulation() override;

    void start();
    /// Engines save a checkpoint; failed(cancelled) follows. Started again with `resume` it goes on.
    void stop();
    const std::string& folder() const;
    const std::vector<SimulationRow>& rows() const;

Q_SIGNALS:
    void progressed(const foveate::Progress& progress); ///< step: rounds done, of: rounds
    void rowsAdded();
    void finished();
    void failed(const foveate::Error& error);

private:
    struct State;
    explicit Simulation(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace foveate::session
