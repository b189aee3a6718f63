// SPDX-License-Identifier: GPL-3.0-or-later
// A study as one self-contained HTML page: what it is, its data, its readers, its curves, its model, how it came about.
//
// The page holds its styles and its charts (SVG) itself, loads nothing, runs no script, follows the reader's light or
// dark setting and prints on white. Every text handed in is escaped. The same data give the same bytes.
#pragma once

#include "score/Bootstrap.h"
#include "score/Metrics.h"

#include <QByteArray>
#include <QCoreApplication>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace foveate::app {

/// Gives the page's words their context for translators: Report::tr("…").
struct Report {
    Q_DECLARE_TR_FUNCTIONS(Report)
};

/// Images on one side of the split.
struct ReportSplit {
    std::string name; ///< "train", "val", "test", "none"
    int images = 0;
    int patients = 0;
    int labelled = 0; ///< 0 for test and val in a blinded study says nothing about them
};

struct ReportReader {
    std::string name;
    int labels = 0, revisions = 0, skipped = 0, unsure = 0, ungradable = 0;
    double activeSeconds = 0;        ///< with the image on the screen and a hand on the keys
    std::optional<double> agreement; ///< share of images on which the others' consensus says the same, 0…1
};

struct ReportPoint {
    int labels = 0;
    double mean = 0;
    double low = 0, high = 0; ///< the band; equal to mean: no band
};

struct ReportSeries {
    std::string name;                ///< strategy, or the run's preset
    std::vector<ReportPoint> points; ///< by rising labels
    bool estimated = false; ///< cross-validated on the labelled, not on images set aside: drawn dashed and said
};

struct ReportCurve {
    std::string metric; ///< "accuracy", "balanced_accuracy", "auc", "f1_macro"
    std::string band;   ///< what the bands are, in words; empty: none
    std::vector<ReportSeries> series;
};

struct ReportEvaluation {
    std::string run;   ///< "0007-train"
    std::string split; ///< "test", or the words for what stands in for it
    score::Metrics metrics;
    std::optional<score::Intervals> intervals;
};

struct ReportMoment {
    std::string utc;           ///< ISO 8601
    std::string text;          ///< what happened, in words
    std::optional<int> labels; ///< how many there were then
};

struct ReportRun {
    std::string name, job, model, parent, device, dtype, made; ///< made: ISO 8601; parent may be empty
    std::uint64_t seed = 0;
    int labels = 0;
};

struct ReportData {
    std::string project;          ///< the folder's or the study's name
    std::string made;             ///< when this page was made, ISO 8601
    std::string modality;         ///< "oct", "xray", "histology"
    std::string policy;           ///< "blind", "after"
    bool phantoms = false;        ///< the images were made by the program: said in the page's head
    bool simulatedReader = false; ///< the labels come from hidden truth: said beside the readers
    std::vector<std::string> classes;
    std::vector<ReportSplit> splits;
    int damaged = 0;    ///< images with cut or broken pixels
    int duplicates = 0; ///< files not imported again
    std::vector<ReportReader> readers;
    std::vector<int> labelsPerClass; ///< consensus, [classes]
    std::vector<ReportCurve> curves;
    std::optional<ReportEvaluation> evaluation;
    std::vector<ReportMoment> timeline; ///< in order of time
    std::vector<ReportRun> runs;
    std::vector<std::pair<std::string, std::string>> provenance; ///< name, value: versions, seeds, the project's UUID …
    std::vector<std::string> eventHeads;                         ///< hex, one per writer
};

/// The page as UTF-8.
QByteArray reportPage(const ReportData& data);

} // namespace foveate::app
