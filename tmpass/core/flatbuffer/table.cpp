#include "flatbuffer/table.hpp"

#include <algorithm>
#include <set>

namespace tmpass::flatbuffer {
namespace {

constexpr std::int64_t kSharing = 4;

}  // namespace

Source::Source(std::span<const std::uint8_t> bytes)
    : bytes_(bytes),
      tables_left_(static_cast<std::int64_t>(bytes.size() / 4)),
      bytes_left_(kSharing * static_cast<std::int64_t>(bytes.size())) {}

void Source::count_table() {
    if (--tables_left_ >= 0) return;
    const std::string all = std::to_string(size());
    throw Fault("the file has " + all + " bytes, yet describes more than " + std::to_string(size() / 4) +
                    " tables by sharing them",
                true);
}

void Source::count_bytes(std::uint64_t count) {
    bytes_left_ -= static_cast<std::int64_t>(count);  // a vector is inside the file, so this cannot overflow
    if (bytes_left_ >= 0) return;
    throw Fault("the file has " + std::to_string(size()) + " bytes, yet describes more than " +
                    std::to_string(kSharing * static_cast<std::int64_t>(size())) +
                    " bytes of vectors and strings by sharing them",
                true);
}

Table::Table(Source& source, std::uint64_t position) : source_(&source), position_(position), vtable_(0), count_(0) {
    source.count_table();
    const auto all = static_cast<std::int64_t>(source.size());
    const std::int64_t vtable = static_cast<std::int64_t>(position) - source.number<std::int32_t>(position);
    if (vtable < 0 || vtable > all - 4) fault("its vtable is at byte " + std::to_string(vtable));
    vtable_ = static_cast<std::uint64_t>(vtable);
    const unsigned length = source.number<std::uint16_t>(vtable_);
    if (length < 4 || vtable + length > all)
        fault("its vtable at byte " + std::to_string(vtable) + " has " + std::to_string(length) +
              " bytes and ends at byte " + std::to_string(vtable + length));
    count_ = std::min(length / 2 - 2, kFieldLimit);
}

bool Table::fields_above(std::uint64_t count) const {
    const unsigned length = source_->number<std::uint16_t>(vtable_);
    for (std::uint64_t at = 4 + 2 * count; at < length; ++at)
        if (source_->number<std::uint8_t>(vtable_ + at) != 0) return true;
    return false;
}

std::uint64_t Table::scalar(unsigned field, const std::string& name, unsigned width) const {
    const std::uint16_t from = offset(field);
    if (from == 0) return 0;
    const std::uint64_t at = position_ + from;
    if (at + width > source_->size()) outside(name, at);
    return at;
}

std::uint64_t Table::target(unsigned field, const std::string& name) const {
    const std::uint16_t from = offset(field);
    if (from == 0) return 0;
    const std::uint64_t last = source_->size() - 4;
    std::uint64_t at = position_ + from;
    if (at > last) outside(name, at);
    at += source_->number<std::uint32_t>(at);
    if (at > last) outside(name, at);
    return at;
}

Entries Table::entries(unsigned field, const std::string& name, std::uint64_t width) const {
    if (offset(field) == 0) return {};
    const std::uint64_t at = target(field, name);
    const std::uint64_t length = source_->number<std::uint32_t>(at);
    const std::uint64_t end = at + 4 + length * width;
    if (end > source_->size())
        fault("field '" + name + "' has " + std::to_string(length) + " entries and ends at byte " +
              std::to_string(end));
    return {at + 4, length};
}

std::uint64_t Table::entry(const std::string& name, const Entries& entries, std::uint64_t index) const {
    const std::uint64_t at = entries.start + 4 * index;
    const std::uint64_t position = at + source_->number<std::uint32_t>(at);
    if (position > source_->size() - 4)
        fault("field '" + name + "' points with entry " + std::to_string(index) + " to byte " +
              std::to_string(position));
    return position;
}

std::vector<RawField> Table::raw_fields() const {
    std::set<std::uint64_t> ends{source_->number<std::uint16_t>(vtable_ + 2)};
    for (unsigned field = 0; field < count_; ++field)
        if (has(field)) ends.insert(offset(field));
    std::vector<RawField> found;
    for (unsigned field = 0; field < count_; ++field) {
        if (!has(field)) continue;
        const auto next = ends.upper_bound(offset(field));
        if (next == ends.end() || position_ + *next > source_->size())
            outside("number " + std::to_string(field), place(field));
        const std::uint64_t gap = *next - offset(field);
        found.push_back({field, place(field), gap >= 8 ? 8U : gap >= 4 ? 4U : gap >= 2 ? 2U : 1U});
    }
    return found;
}

void Table::fault(const std::string& what) const { throw Fault(what + " of " + std::to_string(source_->size())); }

void Table::outside(const std::string& name, std::uint64_t at) const {
    fault("field '" + name + "' points to byte " + std::to_string(at));
}

}  // namespace tmpass::flatbuffer
