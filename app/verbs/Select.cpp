// SPDX-License-Identifier: GPL-3.0-or-later
// `select PROJECT`: which images to label next.
#include "app/EngineVerb.h"
#include "app/Verbs.h"

#include "base/Text.h"
#include "session/Selection.h"
#include "ui/models/ReasonText.h"

#include <algorithm>
#include <map>

namespace foveate::app {
namespace {

struct SelectOptions {
    std::string project;
    std::string strategy = "entropy";
    int count = 20;
    std::string batch;
    bool queue = false;
    std::string run;
    nlohmann::json query = nlohmann::json::object(); ///< of the engine's job
};

Result<std::map<std::string, std::string>> filesById(session::Project& project)
{
    FOVEATE_TRY(const std::vector<store::Sample> samples, project.study().samples());
    std::map<std::string, std::string> files;
    for (const store::Sample& sample : samples)
        files[sample.id] = printable(sample.relativePath);
    return files;
}

nlohmann::json toJson(const session::Selection& selection, const std::map<std::string, std::string>& files,
                      const std::vector<std::string>& classes)
{
    nlohmann::json items = nlohmann::json::array();
    for (const session::SelectedItem& item : selection.items)
        items.push_back({{"id", item.id},
                         {"file", files.at(item.id)},
                         {"score", item.score},
                         {"rank", item.rank},
                         {"reason", ui::reasonText(item.reason, item.rank, classes).toStdString()},
                         {"audit", item.audit}});
    return {{"strategy", selection.strategy},
            {"seed", selection.seed},
            {"run", selection.run.empty() ? nlohmann::json() : nlohmann::json(selection.run)},
            {"notes", selection.notes},
            {"items", items}};
}

/// Ranked at once, or by the engine in a run of its own.
Result<session::Selection> ranked(session::Project& project, const SelectOptions& options, const CommonOptions& common)
{
    session::SelectWish wish{options.strategy, seedOf(common, project), options.run,
                             options.query,    common.threads,          common.device};
    wish.options["count"] = options.count;
    FOVEATE_TRY(session::PreparedSelection prepared, session::prepareSelection(project, wish));
    if (!prepared.folder.empty())
        FOVEATE_CHECK(finishRun(project, prepared.folder, common));
    return session::readSelection(std::move(prepared));
}

/// "8:64": as many as are labelled, from 8 to 64.
Result<int> growingCount(session::Project& project, const std::string& batch)
{
    const std::size_t colon = std::min(batch.find(':'), batch.size());
    bool low = false, high = false;
    const int least = QString::fromStdString(batch.substr(0, colon)).toInt(&low);
    const int most = QString::fromStdString(batch.substr(std::min(colon + 1, batch.size()))).toInt(&high);
    if (!low || !high || least < 1 || most < least)
        return fail(Code::usage, {"batch"});
    FOVEATE_TRY(const auto consensus, project.study().consensus());
    return std::clamp(int(consensus.size()), least, most);
}

/// P1's Table I: what every threshold of disagreement keeps, by class.
void sayTable(const nlohmann::json& table, const std::vector<std::string>& classes)
{
    QString head = Console::tr("disagreement");
    for (const std::string& name : classes)
        head += QStringLiteral("  %1").arg(QString::fromStdString(printable(name)), 16);
    say(head);
    const auto mean = table.at("mean"), deviation = table.at("deviation");
    for (std::size_t t = 0; t < mean.size(); ++t) {
        QString line = Console::tr("≥ %1 of %2").arg(t + 1).arg(table.at("runs").get<int>());
        line = line.leftJustified(head.indexOf(QStringLiteral("  ")));
        for (std::size_t c = 0; c < mean[t].size(); ++c)
            line += QStringLiteral("  %1 ± %2")
                        .arg(mean[t][c].get<double>(), 8, 'f', 1)
                        .arg(deviation[t][c].get<double>(), 5, 'f', 1);
        say(line);
    }
}

void sayNotes(const nlohmann::json& notes, const std::vector<std::string>& classes)
{
    if (notes.contains("few_labels"))
        for (const auto& [index, count] : notes["few_labels"].items()) {
            const auto c = std::size_t(QString::fromStdString(index).toInt());
            note(Console::tr("Only %1 labels of %2: each run spreads all of them.")
                     .arg(count.get<int>())
                     .arg(QString::fromStdString(printable(c < classes.size() ? classes[c] : index))));
        }
    if (notes.contains("band"))
        note(Console::tr("Nothing lies between the groups by the rule; the 1 % nearest to it is kept (bound %1).")
                 .arg(notes["band"].get<double>(), 0, 'f', 3));
    if (notes.contains("sparse"))
        note(Console::tr("Spread over the nearest 100 neighbours of each image instead of all pairs."));
    if (notes.contains("mapped"))
        note(Console::tr("Maps were made of the %1 most uncertain images only.").arg(notes["mapped"].get<int>()));
    if (notes.contains("cancelling"))
        note(Console::tr("Sphericity and spherical disproportion cancel each other when both count upwards."));
}

void sayItems(const session::Selection& selection, const std::vector<std::string>& classes)
{
    for (const session::SelectedItem& item : selection.items)
        say(QStringLiteral("%1  %2  %3  %4%5")
                .arg(item.rank, 4)
                .arg(QString::fromStdString(item.id))
                .arg(item.score, 0, 'f', 4)
                .arg(ui::reasonText(item.reason, item.rank, classes),
                     item.audit ? Console::tr(" (audit)") : QString()));
}

Status select(SelectOptions options, const CommonOptions& common)
{
    FOVEATE_TRY(const bool atOnce, session::ranksAtOnce(options.strategy, options.query));
    FOVEATE_TRY(session::Project project, options.queue || !atOnce
                                              ? session::Project::open(options.project, session::Purpose::write)
                                              : openForReading(options.project));
    if (!options.batch.empty()) {
        FOVEATE_TRY(options.count, growingCount(project, options.batch));
    }
    FOVEATE_TRY(session::Selection selection, ranked(project, options, common));
    if (options.queue)
        FOVEATE_CHECK(session::queueBatch(project, selection, options.count).map([](std::int64_t) {}));
    selection.items.resize(std::min(selection.items.size(), std::size_t(options.count)));
    FOVEATE_TRY(const auto files, filesById(project));
    const std::vector<std::string>& classes = project.file().classes;
    if (common.json) {
        printJson(toJson(selection, files, classes));
        return {};
    }
    sayItems(selection, classes);
    sayNotes(selection.notes, classes);
    if (selection.notes.contains("table"))
        sayTable(selection.notes["table"], classes);
    if (options.queue)
        say(Console::tr("These images come first in the reader's queue now."));
    return {};
}

/// An option that becomes one of the job's.
CLI::Option* word(CLI::App* verb, nlohmann::json& query, const char* flag, const char* key, const char* summary,
                  const std::vector<std::string>& words)
{
    return verb
        ->add_option_function<std::string>(
            flag, [&query, key](const std::string& value) { query[key] = value; }, summary)
        ->check(CLI::IsMember(words));
}

CLI::Option* number(CLI::App* verb, nlohmann::json& query, const char* flag, const char* key, const char* summary)
{
    return verb
        ->add_option_function<int>(
            flag, [&query, key](const int& value) { query[key] = value; }, summary)
        ->check(CLI::PositiveNumber);
}

void flag(CLI::App* verb, nlohmann::json& query, const char* name, const char* key, bool value, const char* summary)
{
    verb->add_flag_function(
        name, [&query, key, value](std::int64_t) { query[key] = value; }, summary);
}

} // namespace

void addStrategyOptions(CLI::App* verb, nlohmann::json& query)
{
    word(verb, query, "--map", "map", "Map of the saliency strategies (default: deep-taylor)",
         {"deep-taylor", "gradcam"});
    flag(verb, query, "--prefilter", "prefilter", true,
         "Maps for the most uncertain tenth alone (default above 20,000 images)");
    flag(verb, query, "--no-prefilter", "prefilter", false, "Maps for all images, however many");
    flag(verb, query, "--diverse", "diverse", true, "Spread the first ones out among the best ten times as many");
    verb->add_option_function<std::string>(
            "--rule",
            [&query](const std::string& value) {
                query[value == "below" || value == "band" ? "periphery_rule" : "spread_rule"] = value;
            },
            "periphery: below (default) or band; label-spread: half (default) or p1-code")
        ->check(CLI::IsMember({"below", "band", "half", "p1-code"}));
    verb->add_option_function<int>(
            "--unique",
            [&query](const int& value) {
                query["unique"] = value;
                query["spread_rule"] = "unique";
            },
            "label-spread: keep what gets so many different labels (the paper's words)")
        ->check(CLI::PositiveNumber);
    word(verb, query, "--cluster-model", "cluster_model", "periphery: gaussians (default) or gmm",
         {"gaussians", "gmm"});
    number(verb, query, "--spread-runs", "spread_runs", "label-spread: runs (default: 200; the paper: 10)");
    flag(verb, query, "--converge", "converge", true, "label-spread: go on until nothing changes");
    word(verb, query, "--kurtosis-of", "kurtosis_of", "kurtosis of pixels (default) or of the histogram's counts",
         {"pixels", "counts"});
    flag(verb, query, "--smooth", "smooth", true, "kurtosis of the map averaged to 64x64");
    word(verb, query, "--directions", "directions", "radiomics: correlated (default) or large",
         {"correlated", "large"});
    word(verb, query, "--aleatoric", "aleatoric", "mc-dropout: none (default) or bernoulli", {"none", "bernoulli"});
    word(verb, query, "--proxy-by", "proxy_by", "proxy: entropy (default) or coreset", {"entropy", "coreset"});
    verb->add_option_function<std::string>(
            "--ordinal", [&query](const std::string& value) { query["ordinal"] = value == "on"; },
            "deep-saliency: smooth over neighbouring clusters, on (default) or off")
        ->check(CLI::IsMember({"on", "off"}));
    number(verb, query, "--repeats", "updates",
           "deep-saliency: repeats of each measurement (default: 4; the paper: 1)");
    flag(verb, query, "--no-control", "control", false, "deep-saliency: no control update (the paper)");
    flag(verb, query, "--literal", "literal", true,
         "deep-saliency: the paper's Algorithm 2 to its end, on the images that are labelled already");
}

void addSelect(CLI::App& program, Invocation& invocation)
{
    auto options = std::make_shared<SelectOptions>();
    CLI::App* verb = addProjectVerb(program, invocation, "select", "Say which images to label next", options->project);
    std::string names;
    for (const std::string& strategy : session::strategyNames())
        names += (names.empty() ? "" : ", ") + strategy;
    verb->add_option("--strategy", options->strategy,
                     "One of " + names + "; or a mixture, as entropy:.5+coreset:.4+random:.1");
    verb->add_option("--count", options->count, "How many")->check(CLI::PositiveNumber);
    verb->add_option("--batch", options->batch, "A growing count, as 8:64: as many as are labelled, between the two");
    verb->add_flag("--queue", options->queue, "Put them at the front of the reader's queue");
    verb->add_option("--run", options->run, "The run whose scores count, or none (default: the newest training)");
    number(verb, options->query, "--repeat", "repeat",
           "label-spread: print what every threshold keeps, over so many repeats");
    addStrategyOptions(verb, options->query);
    word(verb, options->query, "--model", "cluster_model", "The same as --cluster-model", {"gaussians", "gmm"});
    verb->callback([&invocation, options] {
        invocation.run = [&invocation, options]() -> int {
            const Status done = select(*options, invocation.common);
            return done ? kOk : report(done.error());
        };
    });
}

} // namespace foveate::app
