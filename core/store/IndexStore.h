// SPDX-License-Identifier: GPL-3.0-or-later
// index.sqlite: what can be computed again — which runs are booked, their metrics, their scores.
//
// It may lag behind and may be deleted at any time; rebuildIndex() (Verify.h) fills it again from the run folders.
// Failure codes: those of Database.h. Thread: one at a time.
#pragma once

#include "store/Database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace foveate::store {

struct RunRow {
    std::string run;           ///< folder name, "0007-train"
    std::string job;           ///< pretrain, train, simulate …
    std::string finished;      ///< UTC
    std::int64_t labels = 0;   ///< labels it was trained on
    std::string parent;        ///< run it started from, ""
    std::string detail = "{}"; ///< JSON text: what else the booking wants to keep
};

struct MetricRow {
    std::string split; ///< test, val, cv, probe, rounds …
    std::string name;  ///< accuracy, auc …
    double value = 0;
    std::optional<double> low, high; ///< interval, where there is one
    std::int64_t labels = 0;
};

struct ScoreRow {
    std::string sample;
    double score = 0;
    int predicted = -1;     ///< class index, −1: none
    double probability = 0; ///< of the predicted class
};

class IndexStore {
public:
    /// A file that is damaged or newer is put aside (renamed) and made anew: nothing in it is precious.
    static Result<IndexStore> open(const std::string& path);
    /// In memory; for a project opened read-only.
    static Result<IndexStore> inMemory();

    /// Run, metrics and scores in one transaction; booking a run again replaces it.
    Status book(const RunRow& run, const std::vector<MetricRow>& metrics, const std::vector<ScoreRow>& scores = {});
    Result<bool> isBooked(const std::string& run);
    Result<std::vector<RunRow>> runs(); ///< by folder name
    Result<std::vector<MetricRow>> metrics(const std::string& run);
    Result<std::vector<ScoreRow>> scores(const std::string& run); ///< highest score first
    Status clear();

private:
    explicit IndexStore(Connection connection) : m_connection(std::move(connection)) {}
    Connection m_connection;
};

} // namespace foveate::store
