// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/files/SafetensorsHeader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace foveate::learn {
namespace {

using nlohmann::json;

constexpr std::size_t kHeaderLimit = std::size_t(8) << 20;
constexpr std::size_t kRankLimit = 8;
constexpr int kDepthLimit = 3;

std::size_t readLength(std::string_view file)
{
    std::uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
        length = (length << 8) | std::uint8_t(file[std::size_t(i)]);
    return length;
}

/// Refuses what a tolerant parser would let pass: a key twice in one object, and deep nesting.
class KeyGuard {
public:
    bool operator()(int depth, json::parse_event_t event, json& parsed)
    {
        if (depth > kDepthLimit)
            m_fault = "nested too deep";
        if (event == json::parse_event_t::object_start)
            m_keys[depth + 1].clear();
        if (event == json::parse_event_t::key && !m_keys[depth].insert(parsed.get<std::string>()).second)
            m_fault = "a key appears twice";
        return m_fault.empty();
    }
    const std::string& fault() const { return m_fault; }

private:
    std::map<int, std::set<std::string>> m_keys;
    std::string m_fault;
};

bool isCount(const json& value)
{
    return value.is_number_unsigned();
}

/// Number of bytes of a shape; nothing when it overflows.
bool shapeBytes(const std::vector<std::int64_t>& shape, std::size_t item, std::size_t& bytes)
{
    bytes = item;
    for (const std::int64_t extent : shape) {
        if (__builtin_mul_overflow(bytes, std::size_t(extent), &bytes) || bytes > std::size_t(INT64_MAX))
            return false;
    }
    return true;
}

/// Empty on success, else what is wrong.
std::string readShape(const json& value, std::vector<std::int64_t>& shape)
{
    if (!value.is_array() || value.size() > kRankLimit)
        return "shape is no list of at most 8 numbers";
    for (const json& extent : value) {
        if (!isCount(extent) || extent.get<std::uint64_t>() > std::uint64_t(INT64_MAX))
            return "shape has an entry that is no size";
        shape.push_back(extent.get<std::int64_t>());
    }
    return {};
}

std::string readEntry(const json& value, std::size_t dataBegin, TensorEntry& entry)
{
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
        return "needs dtype, shape and data_offsets, nothing else";
    if (!value["dtype"].is_string() || itemSize(value["dtype"].get<std::string>()) == 0)
        return "unknown dtype";
    entry.dtype = value["dtype"].get<std::string>();
    if (std::string fault = readShape(value["shape"], entry.shape); !fault.empty())
        return fault;
    const json& offsets = value["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 || !isCount(offsets[0]) || !isCount(offsets[1]))
        return "data_offsets are no pair of offsets";
    const auto begin = offsets[0].get<std::uint64_t>();
    const auto end = offsets[1].get<std::uint64_t>();
    std::size_t bytes = 0;
    if (!shapeBytes(entry.shape, itemSize(entry.dtype), bytes))
        return "shape overflows";
    if (end < begin || end - begin != bytes)
        return "offsets do not fit shape and dtype";
    if (end > std::uint64_t(INT64_MAX) - dataBegin)
        return "offsets overflow";
    entry.begin = dataBegin + begin;
    entry.bytes = bytes;
    return {};
}

std::string readMetadata(const json& value, std::map<std::string, std::string>& metadata)
{
    if (!value.is_object())
        return "__metadata__ is no object";
    for (const auto& [key, text] : value.items()) {
        if (!text.is_string())
            return "__metadata__ holds something else than text";
        metadata[key] = text.get<std::string>();
    }
    return {};
}

/// Tensors in the order of their offsets must touch, from the first byte to the last.
std::string checkCover(std::vector<TensorEntry>& tensors, std::size_t dataBegin, std::size_t fileSize)
{
    std::sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
        return std::tie(a.begin, a.bytes, a.name) < std::tie(b.begin, b.bytes, b.name);
    });
    std::size_t expected = dataBegin;
    for (const TensorEntry& entry : tensors) {
        if (entry.begin != expected)
            return entry.name + ": a hole or an overlap";
        expected = entry.begin + entry.bytes;
    }
    return expected == fileSize ? std::string() : "the data end elsewhere than the file";
}

std::string readHeader(const json& root, std::size_t fileSize, std::size_t dataBegin, SafetensorsHeader& header)
{
    if (!root.is_object())
        return "the header is no JSON object";
    for (const auto& [name, value] : root.items()) {
        TensorEntry entry;
        entry.name = name;
        const bool isMetadata = name == "__metadata__";
        std::string fault = isMetadata ? readMetadata(value, header.metadata) : readEntry(value, dataBegin, entry);
        if (!fault.empty())
            return name + ": " + fault;
        if (!isMetadata)
            header.tensors.push_back(std::move(entry));
    }
    return checkCover(header.tensors, dataBegin, fileSize);
}

} // namespace

std::size_t itemSize(std::string_view dtype)
{
    static const std::map<std::string_view, std::size_t> sizes = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2},
                                                                  {"I64", 8}, {"I32", 4}, {"I16", 2}, {"I8", 1},
                                                                  {"U8", 1},  {"BOOL", 1}};
    const auto found = sizes.find(dtype);
    return found == sizes.end() ? 0 : found->second;
}

std::string safetensorsHead(const std::vector<TensorEntry>& tensors, const std::map<std::string, std::string>& metadata)
{
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::size_t offset = 0;
    for (const TensorEntry& entry : tensors) {
        header[entry.name] = {
            {"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {offset, offset + entry.bytes}}};
        offset += entry.bytes;
    }
    std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
    text.append((8 - text.size() % 8) % 8, ' ');
    std::string head;
    for (int i = 0; i < 8; ++i)
        head.push_back(char(text.size() >> (8 * i) & 0xff));
    return head + text;
}

Result<SafetensorsHeader> parseSafetensorsHeader(std::string_view file, const std::string& origin)
{
    if (file.size() < 10)
        return fail(Code::corrupt, {origin, "too short for a header"});
    const std::size_t length = readLength(file);
    if (length > std::min(kHeaderLimit, file.size() - 8))
        return fail(Code::corrupt, {origin, "the header is longer than the file or 8 MB"});
    if (length < 2 || file[8] != '{')
        return fail(Code::corrupt, {origin, "the header does not begin with a brace"});
    KeyGuard guard;
    const std::string_view text = file.substr(8, length);
    const auto callback = [&guard](int depth, json::parse_event_t event, json& parsed) {
        return guard(depth, event, parsed);
    };
    const json root = json::parse(text.begin(), text.end(), callback, false);
    if (!guard.fault().empty())
        return fail(Code::corrupt, {origin, guard.fault()});
    if (root.is_discarded())
        return fail(Code::corrupt, {origin, "the header is no JSON"});
    SafetensorsHeader header;
    if (std::string fault = readHeader(root, file.size(), 8 + length, header); !fault.empty())
        return fail(Code::corrupt, {origin, fault});
    return header;
}

} // namespace foveate::learn
