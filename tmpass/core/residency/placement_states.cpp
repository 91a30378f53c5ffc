#include "residency/placement_states.hpp"

#include <algorithm>
#include <numeric>

namespace tmpass::residency {
namespace {

std::uint64_t hash(std::uint64_t open, std::span<const Change> changes) {
    std::uint64_t mixed = open * 0x9e3779b97f4a7c15;
    for (const Change& change : changes) {
        mixed ^= static_cast<std::uint64_t>(change.at) * 0xbf58476d1ce4e5b9 + static_cast<std::uint64_t>(change.bytes);
        mixed = (mixed ^ (mixed >> 29)) * 0x94d049bb133111eb;
    }
    return mixed ^ (mixed >> 32);
}

}  // namespace

void PlacementLayer::add(const PlacementState& state, std::span<const Bytes> load, std::span<const Change> changes) {
    if (2 * (states_.size() + 1) > slots_.size()) grow();
    std::size_t slot = hash(state.open, changes) & (slots_.size() - 1);
    for (; slots_[slot] >= 0; slot = (slot + 1) & (slots_.size() - 1)) {
        const Index other = slots_[slot];
        if (states_[other].open != state.open || !std::ranges::equal(this->changes(other), changes)) continue;
        if (state.cost < states_[other].cost) states_[other] = state;
        return;
    }
    slots_[slot] = count();
    states_.push_back(state);
    loads_.insert(loads_.end(), load.begin(), load.end());
    pool_.insert(pool_.end(), changes.begin(), changes.end());
    begin_.push_back(pool_.size());
}

void PlacementLayer::grow() {
    slots_.assign(std::max<std::size_t>(16, 2 * slots_.size()), -1);
    for (Index s = 0; s < count(); ++s) {
        std::size_t slot = hash(states_[s].open, changes(s)) & (slots_.size() - 1);
        while (slots_[slot] >= 0) slot = (slot + 1) & (slots_.size() - 1);
        slots_[slot] = s;
    }
}

std::int64_t PlacementLayer::keep_best(Index width) {
    if (count() <= width) return kNoBound;
    std::vector<Index> by(count());
    std::iota(by.begin(), by.end(), 0);
    const auto lower = [&](Index a, Index b) {
        return states_[a].bound != states_[b].bound ? states_[a].bound < states_[b].bound : a < b;
    };
    std::nth_element(by.begin(), by.begin() + width, by.end(), lower);
    const std::int64_t left_out = states_[by[width]].bound;
    by.resize(width);
    std::ranges::sort(by);
    PlacementLayer kept(memories_);
    for (const Index s : by) kept.add(states_[s], load(s), changes(s));
    *this = std::move(kept);
    return left_out;
}

std::vector<Origin> PlacementLayer::origins() const {
    std::vector<Origin> found;
    found.reserve(states_.size());
    for (const PlacementState& state : states_) found.push_back({state.parent, state.choice});
    return found;
}

}  // namespace tmpass::residency
