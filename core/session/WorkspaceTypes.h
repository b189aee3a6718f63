// SPDX-License-Identifier: GPL-3.0-or-later
// What a window shows, as plain values; see Workspace.h.
#pragma once

#include "base/Job.h"
#include "session/Evaluation.h"
#include "session/Importer.h"
#include "session/Loop.h"
#include "session/Visibility.h"
#include "store/Records.h"

#include <QByteArray>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace foveate::session {

struct ProjectView {
    std::string folder;
    store::ProjectFile file;
    bool readOnly = false;
    std::optional<Error> owner;           ///< locked: who has it open
    std::string backupTime;               ///< of what is shown, when read-only
    std::vector<std::string> differences; ///< keys of project.toml that the database overruled
    bool open() const { return !folder.empty(); }
};

enum class ReadingState {
    closed,   ///< no project
    empty,    ///< a project without images
    reading,  ///< an image is there to be read, or looked at again
    choosing, ///< the next batch is being chosen
    exhausted ///< every training image is read
};

/// The image on the screen. The model is in it only as far as `visible` says.
struct ReadingItem {
    quint64 serial = 0; ///< new for each showing
    std::string sample;
    std::int64_t row = -1;
    int position = 0, of = 0;                ///< in the batch, 1-based; 0 when it is not of the open batch
    bool again = false;                      ///< gone back to: a label is a revise
    bool waits = false;                      ///< policy `after`: decided, shown, goes on with Enter
    std::optional<store::CurrentLabel> said; ///< by this reader
    Visibility visible;
};

struct Reveal {
    std::vector<double> probabilities;
    std::vector<float> map; ///< [side, side]; empty: none
    int side = 0;
    double low = 0, high = 0;
    int classIndex = -1;
    bool evidence = true;
    double lost = 0;                   ///< share of the relevance that found no way back to the image
    double x = 0, y = 0, w = 1, h = 1; ///< the image's place inside the square, as fractions
    std::string run = {};              ///< whose model it is of
    std::int64_t labels = 0;           ///< that it learnt from
};

struct Tally {
    std::int64_t today = 0;
    std::int64_t session = 0;
    double medianSeconds = 0; ///< of this session's decisions; 0: none yet
    std::int64_t labelled = 0, training = 0, samples = 0;
    std::vector<std::int64_t> perClass;
};

/// A decision that could not be stored. It is kept and tried again; nothing else is labelled
/// meanwhile.
struct Trouble {
    Error error;
    int attempts = 0;
};

struct EngineView {
    Phase phase = Phase::idle;
    bool offered = false; ///< a model-chosen batch waits for the boundary
    bool missing = false; ///< no engine program beside this one
    bool live = true;
    int newLabels = 0, retrainAfter = 10;
    Progress progress;
    std::string run;                           ///< the run at work
    std::optional<Error> error;                ///< the last failure, until the next start
    std::optional<std::pair<int, int>> judged; ///< folds done and to do of a cross-validation at work
};

struct LossPoint {
    double epoch = 0;
    double loss = 0;
    std::optional<double> validation;
};

struct Results {
    std::string run; ///< the newest finished training, "" for none
    std::vector<LossPoint> losses;
    Curve curve;
    std::optional<Evaluation> evaluation;
};

} // namespace foveate::session
