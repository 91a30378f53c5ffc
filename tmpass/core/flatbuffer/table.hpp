// Reads flatbuffers that may be damaged or hostile: every offset is checked before it is followed.
//
//     vtable  [its bytes, table's bytes, offset of field 0, of field 1, ...]   2 bytes each, 0: field is absent
//       ^
//       | 4-byte distance back
//     table   [.., scalar, ..., 4-byte distance forward, ...]
//                                   |
//                                   v
//                                 vector [4-byte length, entries]  or string, or table
//
// Source: https://flatbuffers.dev/internals/
#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tmpass::flatbuffer {

// Fields from this number on are ignored: no table of the schema has them.
inline constexpr unsigned kFieldLimit = 14;

// What is wrong with the bytes; the caller knows in which table. `shared`: too much is described by sharing objects.
class Fault : public std::exception {
  public:
    explicit Fault(std::string text, bool shared = false) : text_(std::move(text)), shared_(shared) {}
    const char* what() const noexcept override { return text_.c_str(); }
    bool shared() const { return shared_; }

  private:
    std::string text_;
    bool shared_;
};

// The bytes of a file, and a budget for reading them.
//
// Objects may share other objects, so a hostile file of kilobytes can describe a tree of gigabytes. Without sharing, n
// bytes hold at most n/8 tables, and n bytes of vectors and strings. The budget is twice as many tables and 4 times as
// many bytes, and shared objects count each time they are read. Writers share far less.
class Source {
  public:
    explicit Source(std::span<const std::uint8_t> bytes);

    std::uint64_t size() const { return bytes_.size(); }
    std::span<const std::uint8_t> part(std::uint64_t at, std::uint64_t length) const {
        return bytes_.subspan(at, length);
    }

    // The little-endian number at byte `at`; its bytes are in the file.
    template <typename Number>
    Number number(std::uint64_t at) const {
        std::uint64_t value = 0;
        for (unsigned byte = 0; byte < sizeof(Number); ++byte)
            value |= static_cast<std::uint64_t>(bytes_[at + byte]) << (8 * byte);
        return static_cast<Number>(value);
    }

    void count_table();
    void count_bytes(std::uint64_t count);

  private:
    std::span<const std::uint8_t> bytes_;
    std::int64_t tables_left_;
    std::int64_t bytes_left_;
};

// The entries of a vector: the first byte, and how many there are.
struct Entries {
    std::uint64_t start = 0;
    std::uint64_t length = 0;
};

// A number in a table, with its width in bytes.
struct RawField {
    unsigned number;
    std::uint64_t at;
    unsigned width;
};

// A table at a checked position. Its source must outlive it. Fields are given by number, and named in faults.
class Table {
  public:
    // Counts the table, and checks its vtable; `position` must be 4 bytes or more before the end of the file.
    Table(Source& source, std::uint64_t position);

    std::uint64_t position() const { return position_; }
    bool has(unsigned field) const { return offset(field) != 0; }

    // The byte at which a field begins, which must be present.
    std::uint64_t place(unsigned field) const { return position_ + offset(field); }

    // Whether it has a field with number `count` or above.
    bool fields_above(std::uint64_t count) const;

    // The byte of a number of `width` bytes, 0 if it is absent.
    std::uint64_t scalar(unsigned field, const std::string& name, unsigned width) const;

    // The first byte of the object in a field, 0 if it is absent; its first 4 bytes are in the file.
    std::uint64_t target(unsigned field, const std::string& name) const;

    // The entries of a vector, each of `width` bytes; none from byte 0 if it is absent.
    Entries entries(unsigned field, const std::string& name, std::uint64_t width) const;

    // The position of the table to which an entry of a vector of tables points.
    std::uint64_t entry(const std::string& name, const Entries& entries, std::uint64_t index) const;

    // The fields that are present. A field ends where the next one begins, and is padded there: it may be narrower.
    std::vector<RawField> raw_fields() const;

  private:
    std::uint16_t offset(unsigned field) const {
        return field < count_ ? source_->number<std::uint16_t>(vtable_ + 4 + 2 * std::uint64_t{field}) : 0;
    }
    [[noreturn]] void fault(const std::string& what) const;
    [[noreturn]] void outside(const std::string& name, std::uint64_t at) const;

    Source* source_;
    std::uint64_t position_;
    std::uint64_t vtable_;
    unsigned count_;  // of fields, those from kFieldLimit on left out
};

}  // namespace tmpass::flatbuffer
