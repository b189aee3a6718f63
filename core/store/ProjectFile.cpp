// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/ProjectFile.h"

#include "base/AtomicFile.h"
#include "base/Text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <sstream>
#include <toml++/toml.h>

namespace foveate::store {
namespace {

constexpr std::size_t kLimit = std::size_t(1) << 20; // bytes; such a file is a page long

bool oneOf(const std::string& value, std::initializer_list<const char*> allowed)
{
    return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

bool goodClasses(const std::vector<std::string>& classes)
{
    std::set<std::string> seen;
    for (const std::string& name : classes)
        if (name.empty() || !isUtf8(name) || name.find('\0') != std::string::npos || !seen.insert(name).second)
            return false;
    return !classes.empty();
}

/// Takes known keys out of a table one by one; the first wrong one is remembered.
class Reader {
public:
    Reader(toml::table& table, std::string prefix) : m_table(table), m_prefix(std::move(prefix)) {}

    void text(const char* key, std::string& out)
    {
        if (toml::node* node = m_table.get(key)) {
            const auto value = node->value_exact<std::string>();
            take(key, *node, value.has_value(), [&] { out = *value; });
        }
    }
    void boolean(const char* key, bool& out)
    {
        if (toml::node* node = m_table.get(key)) {
            const auto value = node->value_exact<bool>();
            take(key, *node, value.has_value(), [&] { out = *value; });
        }
    }
    template <typename T> void integer(const char* key, T& out)
    {
        if (toml::node* node = m_table.get(key)) {
            const auto value = node->value_exact<std::int64_t>();
            const bool fits =
                value && *value >= 0 && std::uint64_t(*value) <= std::uint64_t(std::numeric_limits<T>::max());
            take(key, *node, fits, [&] { out = T(*value); });
        }
    }
    void real(const char* key, double& out)
    {
        if (toml::node* node = m_table.get(key)) {
            const auto value = node->value<double>();
            take(key, *node, value && std::isfinite(*value), [&] { out = *value; });
        }
    }
    void texts(const char* key, std::vector<std::string>& out)
    {
        toml::node* node = m_table.get(key);
        if (!node)
            return;
        std::vector<std::string> values;
        bool good = node->is_array();
        if (const toml::array* array = node->as_array())
            for (const toml::node& element : *array) {
                const auto value = element.value_exact<std::string>();
                good = good && value;
                values.push_back(value.value_or(""));
            }
        take(key, *node, good, [&] { out = values; });
    }
    Status done(const std::string& path) const
    {
        if (m_wrong.empty())
            return {};
        return fail(Code::badInput, {path, "line " + std::to_string(m_line), m_wrong});
    }

private:
    template <typename Assign> void take(const char* key, const toml::node& node, bool good, Assign assign)
    {
        if (!good && m_wrong.empty()) {
            m_wrong = m_prefix + key;
            m_line = node.source().begin.line;
        }
        if (good)
            assign();
        m_table.erase(key);
    }
    toml::table& m_table;
    std::string m_prefix;
    std::string m_wrong;
    toml::source_index m_line = 0;
};

Status readTraining(toml::table& root, TrainingRecipe& recipe, const std::string& path)
{
    toml::node* node = root.get("training");
    if (!node)
        return {};
    toml::table* table = node->as_table();
    if (!table)
        return fail(Code::badInput, {path, "line " + std::to_string(node->source().begin.line), "training"});
    Reader reader(*table, "training.");
    reader.text("preset", recipe.preset);
    reader.text("model", recipe.model);
    reader.integer("size", recipe.size);
    reader.integer("epochs", recipe.epochs);
    reader.integer("batch", recipe.batch);
    reader.real("learning_rate", recipe.learningRate);
    if (table->empty())
        root.erase("training");
    return reader.done(path);
}

Status readKnown(toml::table& root, ProjectFile& project, const std::string& path)
{
    Reader reader(root, "");
    reader.text("uuid", project.uuid);
    reader.text("name", project.name);
    reader.texts("classes", project.classes);
    reader.boolean("multi_label", project.multiLabel);
    reader.text("modality", project.modality);
    reader.text("policy", project.policy);
    reader.integer("pack_size", project.packSize);
    reader.text("fit", project.fit);
    reader.text("split_rule", project.splitRule);
    reader.integer("retrain_after", project.retrainAfter);
    reader.integer("minimum_classes", project.minimumClasses);
    reader.integer("batch_size", project.batchSize);
    reader.text("strategy", project.strategy);
    reader.integer("seed", project.seed);
    FOVEATE_CHECK(reader.done(path));
    return readTraining(root, project.training, path);
}

std::string textOf(const toml::table& table)
{
    std::ostringstream stream;
    stream << toml::toml_formatter(table);
    return stream.str();
}

toml::table trainingTable(const TrainingRecipe& recipe)
{
    return toml::table{{"preset", recipe.preset}, {"model", recipe.model}, {"size", recipe.size},
                       {"epochs", recipe.epochs}, {"batch", recipe.batch}, {"learning_rate", recipe.learningRate}};
}

void addKnown(toml::table& root, const ProjectFile& project)
{
    toml::array classes;
    for (const std::string& name : project.classes)
        classes.push_back(name);
    root.insert_or_assign("uuid", project.uuid);
    root.insert_or_assign("name", project.name);
    root.insert_or_assign("classes", std::move(classes));
    root.insert_or_assign("multi_label", project.multiLabel);
    root.insert_or_assign("modality", project.modality);
    root.insert_or_assign("policy", project.policy);
    root.insert_or_assign("pack_size", project.packSize);
    root.insert_or_assign("fit", project.fit);
    root.insert_or_assign("split_rule", project.splitRule);
    root.insert_or_assign("retrain_after", project.retrainAfter);
    root.insert_or_assign("minimum_classes", project.minimumClasses);
    root.insert_or_assign("batch_size", project.batchSize);
    root.insert_or_assign("strategy", project.strategy);
    root.insert_or_assign("seed", std::int64_t(project.seed));
    toml::table training = trainingTable(project.training);
    if (toml::table* unknown = root["training"].as_table())
        for (auto&& [key, node] : *unknown)
            training.insert(key, node);
    root.insert_or_assign("training", std::move(training));
}

} // namespace

Status checkProject(const ProjectFile& p, const std::string& path)
{
    const auto wrong = [&](const char* key) { return fail(Code::badInput, {path, "", key}); };
    if (!goodClasses(p.classes))
        return wrong("classes");
    if (p.multiLabel && !fitMultiLabel(p.classes))
        return wrong("multi_label");
    if (!isUtf8(p.name))
        return wrong("name");
    if (!oneOf(p.modality, {"oct", "xray", "histology"}))
        return wrong("modality");
    if (!oneOf(p.policy, {"blind", "after"}))
        return wrong("policy");
    if (!oneOf(p.fit, {"squash", "pad"}))
        return wrong("fit");
    if (p.packSize < 16 || p.packSize > 4096)
        return wrong("pack_size");
    if (p.retrainAfter < 1)
        return wrong("retrain_after");
    if (p.minimumClasses < 2)
        return wrong("minimum_classes");
    if (p.batchSize < 1)
        return wrong("batch_size");
    if (p.seed > std::uint64_t(std::numeric_limits<std::int64_t>::max()))
        return wrong("seed");
    if (p.training.size < 16 || p.training.learningRate < 0)
        return wrong("training");
    return {};
}

Result<ProjectFile> projectFromToml(const std::string& text, const std::string& path)
{
    try {
        toml::table root = toml::parse(text);
        ProjectFile project;
        FOVEATE_CHECK(readKnown(root, project, path));
        FOVEATE_CHECK(checkProject(project, path));
        project.unknown = root.empty() ? std::string() : textOf(root);
        return project;
    } catch (const toml::parse_error& error) {
        return fail(Code::badInput,
                    {path, "line " + std::to_string(error.source().begin.line), std::string(error.description())});
    }
}

std::string projectToml(const ProjectFile& project)
{
    toml::table root;
    try {
        root = toml::parse(project.unknown);
    } catch (const toml::parse_error&) {
        root.clear(); // only what projectFromToml() made stands in `unknown`
    }
    addKnown(root, project);
    return "# A Foveate study. uuid, classes, multi_label, modality, pack_size and fit are also in labels.sqlite, "
           "which wins.\n" +
           textOf(root) + "\n";
}

Result<ProjectFile> readProjectFile(const std::string& path)
{
    FOVEATE_TRY(const std::string text, readFile(path, kLimit));
    return projectFromToml(text, path);
}

Status writeProjectFile(const std::string& path, const ProjectFile& project)
{
    FOVEATE_CHECK(checkProject(project, path));
    return writeFileAtomically(path, projectToml(project));
}

} // namespace foveate::store
