// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Simulation.h"

#include "score/Curve.h"

#include <algorithm>
#include <tuple>

namespace foveate::session {
namespace {

std::vector<score::Observation> observations(const std::vector<SimulationRow>& rows, const std::string& strategy,
                                             const std::string& metric)
{
    std::vector<score::Observation> list;
    for (const SimulationRow& row : rows)
        if (row.strategy == strategy && row.metric == metric)
            list.push_back({int(row.labels), row.value});
    return list;
}

/// The names in the order in which they come first.
std::vector<std::string> distinct(const std::vector<SimulationRow>& rows, std::string SimulationRow::*member)
{
    std::vector<std::string> names;
    for (const SimulationRow& row : rows)
        if (std::find(names.begin(), names.end(), row.*member) == names.end())
            names.push_back(row.*member);
    return names;
}

std::optional<SimulationRow> rowFrom(const nlohmann::json& json)
{
    try {
        return SimulationRow{json.at("strategy").get<std::string>(), json.at("repeat").get<int>(),
                             json.at("labels").get<std::int64_t>(),  json.at("metric").get<std::string>(),
                             json.at("value").get<double>(),         json.at("seconds").get<double>()};
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

} // namespace

nlohmann::json toJson(const std::vector<SimulationRow>& rows)
{
    nlohmann::json list = nlohmann::json::array();
    for (const SimulationRow& row : rows)
        list.push_back({{"strategy", row.strategy},
                        {"repeat", row.repeat},
                        {"labels", row.labels},
                        {"metric", row.metric},
                        {"value", row.value},
                        {"seconds", row.seconds}});
    return list;
}

Result<std::vector<SimulationRow>> simulationRows(std::string_view json)
{
    nlohmann::json document = nlohmann::json::parse(json, nullptr, false);
    if (document.is_object())
        document = document.value("rows", nlohmann::json());
    if (!document.is_array())
        return fail(Code::badInput, {"rows.json", "no rows"});
    std::vector<SimulationRow> rows;
    for (const nlohmann::json& item : document) {
        const auto row = rowFrom(item);
        if (!row)
            return fail(Code::badInput, {"rows.json", "row " + std::to_string(rows.size())});
        rows.push_back(*row);
    }
    return rows;
}

std::vector<SimulationPoint> summarise(const std::vector<SimulationRow>& rows)
{
    std::vector<SimulationPoint> points;
    for (const std::string& strategy : distinct(rows, &SimulationRow::strategy))
        for (const std::string& metric : distinct(rows, &SimulationRow::metric))
            for (const score::CurvePoint& point : score::curve(observations(rows, strategy, metric)))
                points.push_back({strategy, point.labels, metric, point.mean, point.deviation, point.repeats});
    return points;
}

std::map<std::string, double> areaUnderCurve(const std::vector<SimulationRow>& rows, const std::string& metric)
{
    std::map<std::string, double> areas;
    for (const std::string& strategy : distinct(rows, &SimulationRow::strategy))
        areas[strategy] = score::area(score::curve(observations(rows, strategy, metric)));
    return areas;
}

} // namespace foveate::session
