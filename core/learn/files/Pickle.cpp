// SPDX-License-Identifier: GPL-3.0-or-later
#include "learn/files/Pickle.h"

#include <cstring>
#include <map>
#include <utility>

namespace foveate::learn::files {
namespace {

/// Values live in one list and name each other by number, so that no shape of theirs can make the reader recurse.
struct Value {
    enum class Kind { mark, none, number, text, name, sequence, dictionary, storage, tensor, decimal };
    Kind kind = Kind::none;
    std::int64_t number = 0;
    std::string text{};       ///< of text and name
    std::vector<int> items{}; ///< of a sequence; key, value, key, value … of a dictionary
    PickledTensor tensor{};   ///< also dtype and items of a storage
};

using Kind = Value::Kind;

struct StorageType {
    const char* name;
    const char* dtype;
};
constexpr StorageType kStorages[] = {{"DoubleStorage", "F64"},    {"FloatStorage", "F32"}, {"HalfStorage", "F16"},
                                     {"BFloat16Storage", "BF16"}, {"LongStorage", "I64"},  {"IntStorage", "I32"},
                                     {"ShortStorage", "I16"},     {"CharStorage", "I8"},   {"ByteStorage", "U8"},
                                     {"BoolStorage", "BOOL"}};

const char* dtypeOf(const std::string& name)
{
    for (const StorageType& type : kStorages)
        if (name == std::string("torch.") + type.name)
            return type.dtype;
    return nullptr;
}

constexpr const char* kOrderedDict = "collections.OrderedDict";
constexpr const char* kTensor = "torch._utils._rebuild_tensor_v2";
constexpr const char* kParameter = "torch._utils._rebuild_parameter";

bool isAllowed(const std::string& name)
{
    return name == kOrderedDict || name == kTensor || name == kParameter || dtypeOf(name) != nullptr;
}

class Machine {
public:
    Machine(std::string_view pickle, const std::string& origin) : m_pickle(pickle), m_origin(origin) {}

    /// Runs to the end and gives what is left: the values, and the number of the result.
    Result<int> run();
    const Value& value(int number) const { return m_values[std::size_t(number)]; }

private:
    tl::unexpected<Error> corrupt(const char* what) const { return fail(Code::corrupt, {m_origin, what}); }
    bool has(std::uint64_t bytes) const { return bytes <= m_pickle.size() - m_at; }
    Result<std::uint64_t> unsignedNumber(int bytes);
    Result<std::string> text(int lengthBytes);
    Result<std::string> line();
    Result<int> pop();
    Result<std::vector<int>> popToMark();
    void push(int number) { m_stack.push_back(number); }
    void pushNew(Value value)
    {
        m_values.push_back(std::move(value));
        push(int(m_values.size()) - 1);
    }
    void pushNumber(std::int64_t number) { pushNew({.kind = Kind::number, .number = number}); }
    void pushSequence(std::vector<int> items) { pushNew({.kind = Kind::sequence, .items = std::move(items)}); }
    Status pushName(const std::string& name);
    Status pushTuple(std::size_t items);
    Status remember(std::uint64_t place);
    Status recall(std::uint64_t place);
    Status addTo(Kind kind, std::vector<int> items);
    Status reduce();
    Status build();
    Status persistent();
    Status rebuildTensor(const std::vector<int>& items);
    Result<std::vector<std::int64_t>> numbers(int sequence) const;
    Status step(std::uint8_t code);
    Status stepOfNumber(std::uint8_t code);
    Status stepOfMemo(std::uint8_t code);
    Status stepOfContainer(std::uint8_t code);

    std::string_view m_pickle;
    const std::string& m_origin;
    std::size_t m_at = 0;
    std::vector<Value> m_values;
    std::vector<int> m_stack;
    std::map<std::uint64_t, int> m_memo;
};

Result<std::uint64_t> Machine::unsignedNumber(int bytes)
{
    if (!has(std::uint64_t(bytes)))
        return corrupt("pickle cut short");
    std::uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; --i)
        value = value << 8 | std::uint8_t(m_pickle[m_at + std::size_t(i)]);
    m_at += std::size_t(bytes);
    return value;
}

Result<std::string> Machine::text(int lengthBytes)
{
    FOVEATE_TRY(const std::uint64_t length, unsignedNumber(lengthBytes));
    if (!has(length))
        return corrupt("pickle cut short");
    std::string value(m_pickle.substr(m_at, length));
    m_at += length;
    return value;
}

Result<std::string> Machine::line()
{
    const std::size_t end = m_pickle.find('\n', m_at);
    if (end == std::string_view::npos)
        return corrupt("pickle cut short");
    std::string value(m_pickle.substr(m_at, end - m_at));
    m_at = end + 1;
    return value;
}

Result<int> Machine::pop()
{
    if (m_stack.empty())
        return corrupt("pickle stack");
    const int number = m_stack.back();
    m_stack.pop_back();
    return number;
}

Result<std::vector<int>> Machine::popToMark()
{
    std::size_t mark = m_stack.size();
    while (mark > 0 && value(m_stack[mark - 1]).kind != Kind::mark)
        --mark;
    if (mark == 0)
        return corrupt("pickle mark");
    std::vector<int> items(m_stack.begin() + std::ptrdiff_t(mark), m_stack.end());
    m_stack.resize(mark - 1);
    return items;
}

Status Machine::pushName(const std::string& name)
{
    if (!isAllowed(name))
        return fail(Code::unsupported, {m_origin, name});
    pushNew({.kind = Kind::name, .text = name});
    return {};
}

Status Machine::pushTuple(std::size_t items)
{
    if (m_stack.size() < items)
        return corrupt("pickle stack");
    std::vector<int> list(m_stack.end() - std::ptrdiff_t(items), m_stack.end());
    m_stack.resize(m_stack.size() - items);
    pushSequence(std::move(list));
    return {};
}

Status Machine::remember(std::uint64_t place)
{
    if (m_stack.empty())
        return corrupt("pickle stack");
    m_memo[place] = m_stack.back();
    return {};
}

Status Machine::recall(std::uint64_t place)
{
    const auto found = m_memo.find(place);
    if (found == m_memo.end())
        return corrupt("pickle memo");
    push(found->second);
    return {};
}

Status Machine::addTo(Kind kind, std::vector<int> items)
{
    if (m_stack.empty() || value(m_stack.back()).kind != kind || (kind == Kind::dictionary && items.size() % 2 != 0))
        return corrupt("pickle container");
    std::vector<int>& own = m_values[std::size_t(m_stack.back())].items;
    own.insert(own.end(), items.begin(), items.end());
    return {};
}

Result<std::vector<std::int64_t>> Machine::numbers(int sequence) const
{
    std::vector<std::int64_t> list;
    if (value(sequence).kind != Kind::sequence || value(sequence).items.size() > 8)
        return corrupt("tensor shape");
    for (const int item : value(sequence).items) {
        if (value(item).kind != Kind::number || value(item).number < 0)
            return corrupt("tensor shape");
        list.push_back(value(item).number);
    }
    return list;
}

/// (storage, offset, shape, strides, …): inside its storage, and no larger than it, which a repeated one would be.
Status Machine::rebuildTensor(const std::vector<int>& items)
{
    if (items.size() < 4 || value(items[0]).kind != Kind::storage || value(items[1]).kind != Kind::number)
        return corrupt("tensor");
    Value made{.kind = Kind::tensor, .tensor = value(items[0]).tensor};
    PickledTensor& tensor = made.tensor;
    tensor.offset = value(items[1]).number;
    FOVEATE_TRY(tensor.shape, numbers(items[2]));
    FOVEATE_TRY(tensor.strides, numbers(items[3]));
    std::int64_t count = 1, last = tensor.offset;
    bool fits = tensor.shape.size() == tensor.strides.size() && tensor.offset >= 0;
    for (std::size_t i = 0; fits && i < tensor.shape.size(); ++i)
        fits = !__builtin_mul_overflow(count, tensor.shape[i], &count);
    for (std::size_t i = 0; fits && count > 0 && i < tensor.shape.size(); ++i) {
        std::int64_t reach = 0;
        fits = !__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach) &&
               !__builtin_add_overflow(last, reach, &last);
    }
    if (!fits || count > tensor.storageItems || (count > 0 && last >= tensor.storageItems))
        return corrupt("tensor outside its storage");
    pushNew(std::move(made));
    return {};
}

/// What would be a call: the few that make a state_dict are done here, by hand.
Status Machine::reduce()
{
    FOVEATE_TRY(const int arguments, pop());
    FOVEATE_TRY(const int callee, pop());
    if (value(callee).kind != Kind::name || value(arguments).kind != Kind::sequence)
        return corrupt("pickle call");
    const std::string name = value(callee).text;
    const std::vector<int> items = value(arguments).items;
    if (name == kOrderedDict && items.empty()) {
        pushNew({.kind = Kind::dictionary});
        return {};
    }
    if (name == kTensor)
        return rebuildTensor(items);
    if (name != kParameter || items.empty() || value(items[0]).kind != Kind::tensor)
        return corrupt("pickle call");
    push(items[0]);
    return {};
}

/// The attributes of a dictionary (state_dict's _metadata) are of no use.
Status Machine::build()
{
    FOVEATE_TRY([[maybe_unused]] const int state, pop());
    if (m_stack.empty() || value(m_stack.back()).kind != Kind::dictionary)
        return corrupt("pickle state");
    return {};
}

/// ("storage", type, key, place, number of items).
Status Machine::persistent()
{
    FOVEATE_TRY(const int id, pop());
    const std::vector<int> items = value(id).items;
    if (value(id).kind != Kind::sequence || items.size() != 5 || value(items[0]).text != "storage" ||
        value(items[1]).kind != Kind::name || dtypeOf(value(items[1]).text) == nullptr ||
        value(items[2]).kind != Kind::text || value(items[4]).kind != Kind::number || value(items[4]).number < 0)
        return corrupt("storage");
    Value made{.kind = Kind::storage};
    made.tensor.dtype = dtypeOf(value(items[1]).text);
    made.tensor.storage = value(items[2]).text;
    made.tensor.storageItems = value(items[4]).number;
    pushNew(std::move(made));
    return {};
}

/// Numbers and texts.
Status Machine::stepOfNumber(std::uint8_t code)
{
    switch (code) {
    case 'N': pushNew({.kind = Kind::none}); return {};
    case 0x88: pushNumber(1); return {};
    case 0x89: pushNumber(0); return {};
    case 'J': {
        FOVEATE_TRY(const std::uint64_t bits, unsignedNumber(4));
        pushNumber(std::int32_t(std::uint32_t(bits)));
        return {};
    }
    case 'K':
    case 'M': {
        FOVEATE_TRY(const std::uint64_t number, unsignedNumber(code == 'K' ? 1 : 2));
        pushNumber(std::int64_t(number));
        return {};
    }
    case 0x8a: { // up to eight bytes, signed
        FOVEATE_TRY(const std::uint64_t bytes, unsignedNumber(1));
        if (bytes > 8)
            return corrupt("pickle number");
        FOVEATE_TRY(std::uint64_t bits, unsignedNumber(int(bytes)));
        if (bytes > 0 && bytes < 8 && (bits >> (8 * bytes - 1) & 1) != 0)
            bits |= ~std::uint64_t(0) << (8 * bytes);
        pushNumber(std::int64_t(bits));
        return {};
    }
    case 'G': {
        FOVEATE_TRY([[maybe_unused]] const std::uint64_t bits, unsignedNumber(8));
        pushNew({.kind = Kind::decimal}); // of use to nobody here
        return {};
    }
    default: {
        FOVEATE_TRY(std::string word, text(code == 'X' ? 4 : code == 0x8c ? 1 : 8));
        pushNew({.kind = Kind::text, .text = std::move(word)});
        return {};
    }
    }
}

Status Machine::stepOfMemo(std::uint8_t code)
{
    if (code == 0x94)
        return remember(m_memo.size());
    const bool isShort = code == 'q' || code == 'h';
    FOVEATE_TRY(const std::uint64_t place, unsignedNumber(isShort ? 1 : 4));
    return code == 'q' || code == 'r' ? remember(place) : recall(place);
}

Status Machine::stepOfContainer(std::uint8_t code)
{
    switch (code) {
    case '(': pushNew({.kind = Kind::mark}); return {};
    case ')':
    case ']': pushSequence({}); return {};
    case '}': pushNew({.kind = Kind::dictionary}); return {};
    case 't': {
        FOVEATE_TRY(std::vector<int> items, popToMark());
        pushSequence(std::move(items));
        return {};
    }
    case 0x85: return pushTuple(1);
    case 0x86: return pushTuple(2);
    case 0x87: return pushTuple(3);
    case 'a': {
        FOVEATE_TRY(const int item, pop());
        return addTo(Kind::sequence, {item});
    }
    case 's': {
        FOVEATE_TRY(const int item, pop());
        FOVEATE_TRY(const int key, pop());
        return addTo(Kind::dictionary, {key, item});
    }
    default: { // 'e', 'u'
        FOVEATE_TRY(std::vector<int> items, popToMark());
        return addTo(code == 'e' ? Kind::sequence : Kind::dictionary, std::move(items));
    }
    }
}

Status Machine::step(std::uint8_t code)
{
    if (std::strchr("NJKMGX\x88\x89\x8a\x8c\x8d", code) != nullptr)
        return stepOfNumber(code);
    if (std::strchr("qrhj\x94", code) != nullptr)
        return stepOfMemo(code);
    if (std::strchr("()]}tasue\x85\x86\x87", code) != nullptr)
        return stepOfContainer(code);
    switch (code) {
    case 0x80: {
        FOVEATE_TRY(const std::uint64_t protocol, unsignedNumber(1));
        return protocol >= 2 && protocol <= 5 ? Status() : Status(corrupt("pickle protocol"));
    }
    case 0x95: {
        FOVEATE_TRY([[maybe_unused]] const std::uint64_t frame, unsignedNumber(8));
        return {};
    }
    case 'c': {
        FOVEATE_TRY(const std::string module, line());
        FOVEATE_TRY(const std::string name, line());
        return pushName(module + "." + name);
    }
    case 0x93: {
        FOVEATE_TRY(const int name, pop());
        FOVEATE_TRY(const int module, pop());
        if (value(name).kind != Kind::text || value(module).kind != Kind::text)
            return corrupt("pickle name");
        return pushName(value(module).text + "." + value(name).text);
    }
    case 'R': return reduce();
    case 'b': return build();
    case 'Q': return persistent();
    default: return fail(Code::unsupported, {m_origin, "pickle code " + std::to_string(int(code))});
    }
}

Result<int> Machine::run()
{
    while (m_at < m_pickle.size()) {
        const auto code = std::uint8_t(m_pickle[m_at++]);
        if (code == '.')
            return pop();
        if (code == 0)
            return corrupt("pickle code");
        FOVEATE_CHECK(step(code));
    }
    return corrupt("pickle cut short");
}

} // namespace

Result<std::vector<PickledTensor>> readPickledTensors(std::string_view pickle, const std::string& origin)
{
    Machine machine(pickle, origin);
    FOVEATE_TRY(int top, machine.run());
    const auto isDictionary = [&](int number) { return machine.value(number).kind == Kind::dictionary; };
    const auto find = [&](const char* key) {
        const std::vector<int>& items = machine.value(top).items;
        for (std::size_t i = 0; i + 1 < items.size(); i += 2)
            if (machine.value(items[i]).kind == Kind::text && machine.value(items[i]).text == key)
                return items[i + 1];
        return top;
    };
    if (!isDictionary(top))
        return fail(Code::unsupported, {origin, "not a state_dict"});
    for (const char* key : {"state_dict", "model_state_dict", "model"})
        if (const int inner = find(key); inner != top && isDictionary(inner)) {
            top = inner;
            break;
        }
    std::vector<PickledTensor> tensors;
    const std::vector<int>& items = machine.value(top).items;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        const Value& key = machine.value(items[i]);
        if (key.kind != Kind::text || machine.value(items[i + 1]).kind != Kind::tensor)
            return fail(Code::unsupported, {origin, "not a state_dict"});
        tensors.push_back(machine.value(items[i + 1]).tensor);
        tensors.back().name = key.text;
    }
    return tensors;
}

} // namespace foveate::learn::files
