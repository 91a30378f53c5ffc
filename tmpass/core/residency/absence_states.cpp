#include "residency/absence_states.hpp"

#include <algorithm>

namespace tmpass::residency {

// The slot of the state with this key, or the free slot where it belongs.
std::size_t AbsenceLayer::slot_of(std::span<const std::int64_t> own) const {
    std::uint64_t mixed = 0x9e3779b97f4a7c15;
    for (const std::int64_t number : own) {
        mixed = (mixed ^ static_cast<std::uint64_t>(number)) * 0xbf58476d1ce4e5b9;
        mixed ^= mixed >> 29;
    }
    std::size_t slot = mixed & (slots_.size() - 1);
    while (slots_[slot] >= 0 && !std::ranges::equal(key(slots_[slot]), own)) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
}

void AbsenceLayer::add(const AbsenceState& state, std::span<const std::int64_t> key) {
    if (2 * (states_.size() + 1) > slots_.size()) rehash(std::max<std::size_t>(16, 2 * slots_.size()));
    const std::size_t slot = slot_of(key);
    if (slots_[slot] >= 0) {
        AbsenceState& other = states_[slots_[slot]];
        if (state.cost < other.cost) other = state;
        return;
    }
    slots_[slot] = count();
    states_.push_back(state);
    keys_.insert(keys_.end(), key.begin(), key.end());
}

void AbsenceLayer::rehash(std::size_t slots) {
    slots_.assign(slots, -1);
    for (Index s = 0; s < count(); ++s) slots_[slot_of(key(s))] = s;
}

std::int64_t AbsenceLayer::keep_best(Index most) {
    if (count() <= most) return kNothingLeftOut;
    std::vector<std::pair<std::int64_t, Index>> by;
    for (Index s = 0; s < count(); ++s) by.emplace_back(states_[s].bound, s);
    std::ranges::nth_element(by, by.begin() + most);
    const std::int64_t left_out = by[most].first;
    AbsenceLayer kept(width_);
    by.resize(most);
    std::ranges::sort(by, {}, &std::pair<std::int64_t, Index>::second);
    for (const auto& [bound, s] : by) kept.add(states_[s], key(s));
    *this = std::move(kept);
    return left_out;
}

std::vector<std::int64_t> AbsenceLayer::origins() const {
    std::vector<std::int64_t> made;
    made.reserve(states_.size());
    for (const AbsenceState& state : states_) made.push_back(2 * std::int64_t{state.parent} + (state.absent ? 1 : 0));
    return made;
}

}  // namespace tmpass::residency
