#include "residency/subset_sums.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace tmpass::residency {
namespace {

constexpr Bytes kWord = 64;
constexpr Bytes kMaxBits = Bytes{1} << 33;

bool has(const std::vector<std::uint64_t>& bits, Bytes at) {
    return at >= 0 && at / kWord < static_cast<Bytes>(bits.size()) && (bits[at / kWord] >> (at % kWord) & 1) != 0;
}

// Sets in `to` the bits of `from`, `shift` higher. What is above the end of `to` is dropped.
void or_shifted(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& from, Bytes shift) {
    const auto words = static_cast<std::size_t>(shift / kWord);
    const int bits = static_cast<int>(shift % kWord);
    if (words >= to.size() || from.empty()) return;
    const std::size_t count = std::min(from.size(), to.size() - words);
    std::uint64_t* out = to.data() + words;
    const std::uint64_t* in = from.data();
    if (bits == 0) {
        for (std::size_t i = 0; i < count; ++i) out[i] |= in[i];
        return;
    }
    out[0] |= in[0] << bits;
    for (std::size_t i = 1; i < count; ++i) out[i] |= in[i] << bits | in[i - 1] >> (kWord - bits);
    if (count < to.size() - words) out[count] |= in[count - 1] >> (kWord - bits);
}

}  // namespace

OptionGroups checked_groups(const std::vector<std::int64_t>& start, std::vector<std::int64_t> options) {
    if (start.empty() || start.front() != 0 || start.back() != static_cast<std::int64_t>(options.size()) ||
        options.size() > (std::size_t{1} << 30))
        throw std::invalid_argument("start must begin with 0 and end with the number of options");
    OptionGroups made;
    made.start.reserve(start.size());
    for (std::size_t i = 0; i < start.size(); ++i) {
        if (i > 0 && start[i] <= start[i - 1]) throw std::invalid_argument("a group has no option");
        made.start.push_back(static_cast<Index>(start[i]));
    }
    for (const std::int64_t bytes : options)
        if (bytes < 0 || bytes > kMaxBytes) throw std::invalid_argument("an option is not in 0 .. 2^62 bytes");
    made.options = std::move(options);
    return made;
}

SubsetSums::SubsetSums(OptionGroups groups, Bytes capacity, const Interrupted& interrupted)
    : groups_(std::move(groups)) {
    if (capacity < 0) throw std::invalid_argument("the capacity is negative");
    unit_ = 0;
    for (const Bytes bytes : groups_.options) unit_ = std::gcd(unit_, bytes);
    unit_ = std::max<Bytes>(unit_, 1);
    for (Bytes& bytes : groups_.options) bytes /= unit_;
    capacity_ = capacity / unit_;
    std::vector<Bytes> most(groups_.count());
    for (Index g = 0; g < groups_.count(); ++g)
        most[g] = *std::max_element(groups_.options.begin() + groups_.start[g],
                                    groups_.options.begin() + groups_.start[g + 1]);
    by_.resize(groups_.count());
    std::iota(by_.begin(), by_.end(), 0);
    std::ranges::stable_sort(by_, {}, [&](Index g) { return most[g]; });
    end_.push_back(1);
    for (const Index g : by_) end_.push_back(std::min(end_.back() + std::min(most[g], capacity_), capacity_ + 1));
    if (end_.back() > kMaxBits) throw std::invalid_argument("the capacity is too large for a bitset: round all bytes");
    while (stride_ * stride_ < groups_.count()) ++stride_;
    all_ = {1};
    for (Index i = 0; i < groups_.count(); ++i) {
        if (i % stride_ == 0) kept_.push_back(all_);
        all_ = with_group(all_, i);
        if (interrupted()) throw Cancelled();
    }
}

SubsetSums::Bits SubsetSums::with_group(const Bits& before, Index group) const {
    Bits after((end_[group + 1] + kWord - 1) / kWord, 0);
    const Index g = by_[group];
    Index o = groups_.start[g];
    if (groups_.options[o] == 0) {
        std::copy_n(before.begin(), std::min(before.size(), after.size()), after.begin());
        ++o;
    }
    for (; o < groups_.start[g + 1]; ++o) or_shifted(after, before, groups_.options[o]);
    return after;
}

Bytes SubsetSums::largest(Bytes limit) const {
    if (limit < 0) return -1;
    const Bytes top = std::min(limit / unit_, end_.back() - 1);
    for (Bytes word = top / kWord; word >= 0; --word) {
        std::uint64_t bits = all_[word];
        if (word == top / kWord && top % kWord != kWord - 1) bits &= (std::uint64_t{2} << (top % kWord)) - 1;
        if (bits != 0) return unit_ * (word * kWord + kWord - 1 - std::countl_zero(bits));
    }
    return -1;
}

std::vector<Index> SubsetSums::choose(Bytes sum) const {
    if (sum < 0 || sum % unit_ != 0 || sum / unit_ >= end_.back() || !has(all_, sum / unit_))
        throw std::invalid_argument("no options make this sum");
    Bytes left = sum / unit_;
    std::vector<Index> chosen(groups_.count());
    for (Index segment = static_cast<Index>(kept_.size()) - 1; segment >= 0; --segment) {
        const Index first = segment * stride_, last = std::min(first + stride_, groups_.count());
        std::vector<Bits> before{kept_[segment]};
        for (Index i = first; i + 1 < last; ++i) before.push_back(with_group(before.back(), i));
        for (Index i = last - 1; i >= first; --i) {
            const Index g = by_[i];
            Index option = groups_.start[g];
            while (!has(before[i - first], left - groups_.options[option])) ++option;
            chosen[g] = option - groups_.start[g];
            left -= groups_.options[option];
        }
    }
    return chosen;
}

}  // namespace tmpass::residency
