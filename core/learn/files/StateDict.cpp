// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/files/StateDict.h"

#include "learn/files/Pickle.h"
#include "learn/files/SafetensorsHeader.h"
#include "learn/files/StoredZip.h"

#include <algorithm>
#include <set>

namespace foveate::learn::files {
namespace {

constexpr std::size_t kBytesLimit = std::size_t(4) << 30;
constexpr std::string_view kPickle = "/data.pkl";

using Archive = std::map<std::string, std::string_view>;

/// The archive's folder; its name is the file's own.
Result<std::string> folderOf(const Archive& archive, const std::string& origin)
{
    for (const auto& [name, bytes] : archive) {
        if (name.size() <= kPickle.size() || !name.ends_with(kPickle))
            continue;
        const std::string folder = name.substr(0, name.size() - kPickle.size());
        if (archive.contains(folder + "/constants.pkl"))
            return fail(Code::unsupported, {origin, "TorchScript"});
        const auto order = archive.find(folder + "/byteorder");
        if (order != archive.end() && order->second != "little")
            return fail(Code::unsupported, {origin, "big-endian"});
        return folder;
    }
    return fail(Code::unsupported, {origin, "not a state_dict"});
}

/// "denselayer1.norm.1.weight" → "denselayer1.norm1.weight".
std::string withoutOldDots(std::string name)
{
    for (const char* word : {".norm.", ".conv.", ".relu."}) {
        const std::size_t at = name.find(word);
        const std::size_t digit = at + std::string_view(word).size();
        if (at != std::string::npos && name.find("denselayer") < at && digit < name.size() &&
            (name[digit] == '1' || name[digit] == '2'))
            return name.erase(digit - 1, 1);
    }
    return name;
}

void useTodaysNames(std::vector<PickledTensor>& tensors)
{
    const std::string prefix = "module.";
    const bool parallel = std::all_of(tensors.begin(), tensors.end(),
                                      [&](const PickledTensor& tensor) { return tensor.name.starts_with(prefix); });
    for (PickledTensor& tensor : tensors)
        tensor.name = withoutOldDots(parallel ? tensor.name.substr(prefix.size()) : tensor.name);
}

std::size_t itemsOf(const PickledTensor& tensor)
{
    std::size_t count = 1;
    for (const std::int64_t extent : tensor.shape)
        count *= std::size_t(extent);
    return count;
}

/// The tensor's items one after another in C order.
std::string contiguousBytes(const PickledTensor& tensor, std::string_view storage)
{
    const std::size_t item = itemSize(tensor.dtype), count = itemsOf(tensor);
    std::string bytes;
    bytes.reserve(count * item);
    std::vector<std::int64_t> index(tensor.shape.size(), 0);
    std::size_t place = std::size_t(tensor.offset);
    for (std::size_t i = 0; i < count; ++i) {
        bytes.append(storage.substr(place * item, item));
        for (std::size_t axis = index.size(); axis-- > 0;) {
            place += std::size_t(tensor.strides[axis]);
            if (++index[axis] < tensor.shape[axis])
                break;
            place -= std::size_t(tensor.strides[axis]) * std::size_t(tensor.shape[axis]);
            index[axis] = 0;
        }
    }
    return bytes;
}

bool isContiguous(const PickledTensor& tensor)
{
    std::int64_t expected = 1;
    for (std::size_t axis = tensor.shape.size(); axis-- > 0; expected *= tensor.shape[axis])
        if (tensor.shape[axis] != 1 && tensor.strides[axis] != expected)
            return false;
    return true;
}

/// Every storage is there and as long as it says; names differ; what is to be written has a bound.
Result<std::vector<TensorEntry>> checkedEntries(const std::vector<PickledTensor>& tensors, const Archive& archive,
                                                const std::string& folder, const std::string& origin)
{
    std::vector<TensorEntry> entries;
    std::set<std::string> names;
    std::size_t total = 0;
    for (const PickledTensor& tensor : tensors) {
        const auto storage = archive.find(folder + "/data/" + tensor.storage);
        const std::size_t item = itemSize(tensor.dtype);
        if (storage == archive.end() || storage->second.size() / item < std::size_t(tensor.storageItems))
            return fail(Code::corrupt, {origin, "storage of " + tensor.name});
        if (!names.insert(tensor.name).second)
            return fail(Code::corrupt, {origin, "name twice: " + tensor.name});
        entries.push_back({tensor.name, tensor.dtype, tensor.shape, 0, itemsOf(tensor) * item});
        total += entries.back().bytes;
        if (total > kBytesLimit)
            return fail(Code::tooLarge, {origin, "4 GB"});
    }
    return entries;
}

} // namespace

bool isZip(std::string_view bytes)
{
    return bytes.starts_with("PK\3\4");
}

Status stateDictToSafetensors(std::string_view file, const std::string& origin,
                              const std::function<bool(std::string_view)>& write)
{
    if (!isZip(file))
        return fail(Code::unsupported, {origin, "older form of .pth; save it again with PyTorch 1.6 or later"});
    FOVEATE_TRY(const Archive archive, openStoredZip(file, origin));
    FOVEATE_TRY(const std::string folder, folderOf(archive, origin));
    FOVEATE_TRY(std::vector<PickledTensor> tensors,
                readPickledTensors(archive.at(folder + std::string(kPickle)), origin));
    useTodaysNames(tensors);
    std::stable_sort(tensors.begin(), tensors.end(), [](const PickledTensor& a, const PickledTensor& b) {
        return std::pair(itemSize(b.dtype), a.name) < std::pair(itemSize(a.dtype), b.name);
    });
    FOVEATE_TRY(const std::vector<TensorEntry> entries, checkedEntries(tensors, archive, folder, origin));
    bool written = write(safetensorsHead(entries, {{"format", "pt"}}));
    for (std::size_t i = 0; written && i < tensors.size(); ++i) {
        if (entries[i].bytes == 0)
            continue;
        const std::string_view storage = archive.at(folder + "/data/" + tensors[i].storage);
        const std::size_t item = itemSize(tensors[i].dtype);
        if (isContiguous(tensors[i]))
            written = write(storage.substr(std::size_t(tensors[i].offset) * item, entries[i].bytes));
        else
            written = write(contiguousBytes(tensors[i], storage));
    }
    return written ? Status() : Status(fail(Code::io, {origin, "write"}));
}

} // namespace foveate::learn::files
