// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/Safetensors.h"

#include "base/AtomicFile.h"
#include "learn/files/SafetensorsHeader.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace foveate::learn {
namespace {

constexpr std::size_t kFileLimit = std::size_t(4) << 30;

struct NamedType {
    const char* name;
    at::ScalarType type;
};

constexpr NamedType kTypes[] = {{"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
                                {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
                                {"U8", at::kByte},    {"BOOL", at::kBool}};

std::string typeName(at::ScalarType type)
{
    for (const NamedType& known : kTypes) {
        if (known.type == type)
            return known.name;
    }
    return {};
}

at::ScalarType typeOf(const std::string& name)
{
    for (const NamedType& known : kTypes) {
        if (name == known.name)
            return known.type;
    }
    return at::kByte; // never: the header's reader lets known names through only
}

using Item = std::pair<std::string, at::Tensor>;

std::vector<Item> orderForFile(const TensorMap& tensors)
{
    std::vector<Item> items;
    items.reserve(tensors.size());
    for (const auto& [name, tensor] : tensors)
        items.emplace_back(name, tensor.detach().to(at::kCPU).contiguous());
    std::stable_sort(items.begin(), items.end(),
                     [](const Item& a, const Item& b) { return a.second.element_size() > b.second.element_size(); });
    return items;
}

/// A file's parts, where they lie.
struct Encoded {
    std::string head;
    std::vector<Item> items;
    std::vector<std::string_view> pieces() const
    {
        std::vector<std::string_view> list{head};
        for (const Item& item : items)
            list.emplace_back(static_cast<const char*>(item.second.const_data_ptr()), item.second.nbytes());
        return list;
    }
};

Result<Encoded> encode(const Weights& weights)
{
    for (const auto& [name, tensor] : weights.tensors) {
        if (typeName(tensor.scalar_type()).empty())
            return fail(Code::unsupported, {name, at::toString(tensor.scalar_type())});
    }
    std::vector<Item> items = orderForFile(weights.tensors);
    std::vector<TensorEntry> entries;
    for (const auto& [name, tensor] : items)
        entries.push_back({name, typeName(tensor.scalar_type()), tensor.sizes().vec(), 0, tensor.nbytes()});
    return Encoded{safetensorsHead(entries, weights.metadata), std::move(items)};
}

} // namespace

Result<Weights> decodeSafetensors(std::string_view bytes, const std::string& origin)
{
    FOVEATE_TRY(SafetensorsHeader header, parseSafetensorsHeader(bytes, origin));
    Weights weights;
    weights.metadata = std::move(header.metadata);
    for (const TensorEntry& entry : header.tensors) {
        at::Tensor tensor = at::empty(entry.shape, typeOf(entry.dtype));
        std::memcpy(tensor.mutable_data_ptr(), bytes.data() + entry.begin, entry.bytes);
        weights.tensors[entry.name] = std::move(tensor);
    }
    return weights;
}

Status writeSafetensors(const std::string& path, const Weights& weights)
{
    FOVEATE_TRY(const Encoded encoded, encode(weights));
    return writeFileAtomically(path, encoded.pieces());
}

Result<Weights> readSafetensors(const std::string& path)
{
    FOVEATE_TRY(const std::string bytes, readFile(path, kFileLimit));
    return decodeSafetensors(bytes, path);
}

} // namespace foveate::learn
