// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/Npy.h"

#include "base/AtomicFile.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>

namespace foveate {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLargestFile = std::size_t(1) << 34;
constexpr std::size_t kMostDimensions = 32;

struct Header {
    std::string descr;
    bool fortran = false;
    std::vector<std::size_t> shape;
};

template <typename T> constexpr std::string_view descrOf()
{
    if constexpr (std::is_same_v<T, float>)
        return "<f4";
    else if constexpr (std::is_same_v<T, double>)
        return "<f8";
    else if constexpr (std::is_same_v<T, std::int64_t>)
        return "<i8";
    else if constexpr (std::is_same_v<T, std::int32_t>)
        return "<i4";
    else
        return "|u1";
}

std::size_t itemBytes(std::string_view descr)
{
    return std::size_t(descr.back() - '0');
}

bool knownDescr(std::string_view descr)
{
    static constexpr std::string_view kKnown[] = {"<f4", "<f8", "<i8", "<i4", "|u1", "|b1"};
    return std::find(std::begin(kKnown), std::end(kKnown), descr) != std::end(kKnown);
}

/// Reads the one Python literal that NumPy writes; every function says whether it could.
class HeaderParser {
public:
    explicit HeaderParser(std::string_view text) : m_text(text) {}

    std::optional<Header> parse()
    {
        if (!take("{"))
            return std::nullopt;
        while (!take("}")) {
            if (!entry())
                return std::nullopt;
            if (!take(",") && !startsWith("}"))
                return std::nullopt;
        }
        skipSpace();
        if (!m_text.empty() || !m_descr || !m_fortran || !m_shape)
            return std::nullopt;
        return Header{*m_descr, *m_fortran, *m_shape};
    }

private:
    bool entry()
    {
        const std::optional<std::string> key = quoted();
        if (!key || !take(":"))
            return false;
        if (*key == "descr" && !m_descr)
            return (m_descr = quoted()).has_value();
        if (*key == "fortran_order" && !m_fortran)
            return (m_fortran = boolean()).has_value();
        if (*key == "shape" && !m_shape)
            return (m_shape = tuple()).has_value();
        return false;
    }

    std::optional<std::string> quoted()
    {
        skipSpace();
        if (m_text.empty() || (m_text.front() != '\'' && m_text.front() != '"'))
            return std::nullopt;
        const std::size_t end = m_text.find(m_text.front(), 1);
        if (end == std::string_view::npos)
            return std::nullopt;
        std::string value(m_text.substr(1, end - 1));
        m_text.remove_prefix(end + 1);
        return value;
    }

    std::optional<bool> boolean()
    {
        if (take("True"))
            return true;
        if (take("False"))
            return false;
        return std::nullopt;
    }

    std::optional<std::vector<std::size_t>> tuple()
    {
        std::vector<std::size_t> values;
        if (!take("("))
            return std::nullopt;
        bool comma = true;
        while (!take(")")) {
            const std::optional<std::size_t> value = comma ? number() : std::nullopt;
            if (!value || values.size() == kMostDimensions)
                return std::nullopt;
            values.push_back(*value);
            comma = take(",");
        }
        // "(3)" is a number in Python, not a tuple.
        if (values.size() == 1 && !comma)
            return std::nullopt;
        return values;
    }

    std::optional<std::size_t> number()
    {
        skipSpace();
        std::size_t value = 0, digits = 0;
        while (digits < m_text.size() && m_text[digits] >= '0' && m_text[digits] <= '9') {
            if (value > (std::size_t(1) << 58))
                return std::nullopt;
            value = value * 10 + std::size_t(m_text[digits++] - '0');
        }
        if (digits == 0)
            return std::nullopt;
        m_text.remove_prefix(digits);
        return value;
    }

    bool startsWith(std::string_view word)
    {
        skipSpace();
        return m_text.substr(0, word.size()) == word;
    }

    bool take(std::string_view word)
    {
        if (!startsWith(word))
            return false;
        m_text.remove_prefix(word.size());
        return true;
    }

    void skipSpace()
    {
        while (!m_text.empty() && (m_text.front() == ' ' || m_text.front() == '\n'))
            m_text.remove_prefix(1);
    }

    std::string_view m_text;
    std::optional<std::string> m_descr;
    std::optional<bool> m_fortran;
    std::optional<std::vector<std::size_t>> m_shape;
};

/// Where the data begins and the header's text; nothing when the preamble is not NumPy's.
std::optional<std::pair<std::string_view, std::size_t>> headerText(std::string_view file)
{
    if (file.size() < 10 || file.substr(0, 6) != kMagic || file[7] != 0 || (file[6] != 1 && file[6] != 2))
        return std::nullopt;
    const std::size_t lengthBytes = file[6] == 1 ? 2 : 4;
    if (file.size() < 8 + lengthBytes)
        return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < lengthBytes; ++i)
        length |= std::size_t(std::uint8_t(file[8 + i])) << (8 * i);
    const std::size_t begin = 8 + lengthBytes;
    if (length > file.size() - begin)
        return std::nullopt;
    return std::pair(file.substr(begin, length), begin + length);
}

/// Number of elements times `bytes`; nothing on overflow.
std::optional<std::size_t> dataBytes(const std::vector<std::size_t>& shape, std::size_t bytes)
{
    if (std::find(shape.begin(), shape.end(), std::size_t(0)) != shape.end())
        return 0;
    for (const std::size_t extent : shape)
        if (__builtin_mul_overflow(bytes, extent, &bytes))
            return std::nullopt;
    return bytes;
}

template <typename Stored, typename T> std::vector<T> convert(std::string_view bytes)
{
    const std::size_t n = bytes.size() / sizeof(Stored);
    std::vector<T> out(n);
    if constexpr (std::is_same_v<Stored, T>) {
        if (n > 0)
            std::memcpy(out.data(), bytes.data(), bytes.size());
    } else {
        for (std::size_t i = 0; i < n; ++i) {
            Stored value;
            std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
            out[i] = T(value);
        }
    }
    return out;
}

template <typename T>
Result<std::vector<T>> values(std::string_view descr, std::string_view bytes, const std::string& path)
{
    if (descr == descrOf<T>())
        return convert<T, T>(bytes);
    if constexpr (std::is_same_v<T, double>)
        if (descr == "<f4")
            return convert<float, T>(bytes);
    if constexpr (std::is_same_v<T, std::int64_t>)
        if (descr == "<i4")
            return convert<std::int32_t, T>(bytes);
    if constexpr (std::is_same_v<T, std::uint8_t>)
        if (descr == "|b1") {
            if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return std::uint8_t(c) > 1; }))
                return fail(Code::corrupt, {path, "a truth value that is neither 0 nor 1"});
            return convert<std::uint8_t, T>(bytes);
        }
    return fail(Code::wrongShape, {path, std::string(descr), std::string(descrOf<T>())});
}

std::string encodeHeader(std::string_view descr, const std::vector<std::size_t>& shape)
{
    std::string literal = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        literal += std::to_string(shape[i]);
        literal += i + 1 < shape.size() ? ", " : i == 0 ? "," : "";
    }
    literal += "), }";
    // The data begins at a multiple of 64 bytes, as NumPy's own writer has it.
    literal.append(63 - (10 + literal.size()) % 64, ' ');
    literal += '\n';
    std::string header(kMagic);
    header += {'\x01', '\x00', char(literal.size() & 0xff), char(literal.size() >> 8)};
    return header + literal;
}

} // namespace

template <typename T> Result<Array<T>> readNpy(const std::string& path)
{
    FOVEATE_TRY(const std::string file, readFile(path, kLargestFile));
    const auto text = headerText(file);
    if (!text)
        return fail(Code::badInput, {path, "not an .npy file of format 1.0 or 2.0"});
    const std::optional<Header> header = HeaderParser(text->first).parse();
    if (!header)
        return fail(Code::badInput, {path, "header"});
    if (header->fortran && header->shape.size() > 1)
        return fail(Code::badInput, {path, "Fortran order"});
    if (!knownDescr(header->descr))
        return fail(Code::wrongShape, {path, header->descr, std::string(descrOf<T>())});
    const std::optional<std::size_t> bytes = dataBytes(header->shape, itemBytes(header->descr));
    if (!bytes)
        return fail(Code::badInput, {path, "shape"});
    if (*bytes != file.size() - text->second)
        return fail(Code::corrupt, {path, "length"});
    FOVEATE_TRY(auto data, values<T>(header->descr, std::string_view(file).substr(text->second), path));
    return Array<T>{header->shape, std::move(data)};
}

template <typename T>
Status writeNpy(const std::string& path, const std::vector<std::size_t>& shape, std::span<const T> data)
{
    assert(shape.size() <= kMostDimensions && dataBytes(shape, sizeof(T)) == data.size_bytes());
    std::string file = encodeHeader(descrOf<T>(), shape);
    file.append(reinterpret_cast<const char*>(data.data()), data.size_bytes());
    return writeFileAtomically(path, file);
}

#define FOVEATE_NPY(T)                                                                                                 \
    template Result<Array<T>> readNpy<T>(const std::string&);                                                          \
    template Status writeNpy<T>(const std::string&, const std::vector<std::size_t>&, std::span<const T>);
FOVEATE_NPY(float)
FOVEATE_NPY(double)
FOVEATE_NPY(std::int64_t)
FOVEATE_NPY(std::int32_t)
FOVEATE_NPY(std::uint8_t)
#undef FOVEATE_NPY

} // namespace foveate
