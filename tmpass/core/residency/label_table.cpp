#include "residency/label_table.hpp"

#include <algorithm>

namespace tmpass::residency {
namespace {

std::uint64_t key_of(std::span<const std::uint64_t> words) {
    std::uint64_t key = 0x9e3779b97f4a7c15;
    for (const std::uint64_t word : words) {
        key = (key ^ word) * 0xbf58476d1ce4e5b9;
        key ^= key >> 29;
    }
    return key;
}

}  // namespace

LabelTable::LabelTable(const FreeOrderProblem& problem)
    : problem_(problem), words_((static_cast<std::size_t>(problem.count()) + 63) / 64) {}

// Keys only find candidates: sets are compared whole.
Index LabelTable::set_of(const TransferState& state) {
    const auto [at, is_new] = by_key_.try_emplace(key_of(state.ran()), -1);
    for (Index set = at->second; set >= 0; set = sets_[set].same_key)
        if (std::ranges::equal(ran_of(set), state.ran())) return set;
    Set made{numbers_.size(), 0, static_cast<Index>(state.alive().size()), static_cast<Index>(state.ready().size())};
    made.same_key = at->second;
    numbers_.insert(numbers_.end(), state.alive().begin(), state.alive().end());
    made.ready = numbers_.size();
    numbers_.insert(numbers_.end(), state.ready().begin(), state.ready().end());
    ran_.insert(ran_.end(), state.ran().begin(), state.ran().end());
    at->second = static_cast<Index>(sets_.size());
    sets_.push_back(made);
    return at->second;
}

bool LabelTable::dominates(std::span<const Level> levels, Bytes cost, std::span<const Level> others, Bytes other_cost,
                           std::span<const Index> alive) const {
    for (std::size_t i = 0; i < alive.size() && cost <= other_cost; ++i)
        if (others[i] > levels[i]) cost += (others[i] - levels[i]) * problem_.size[alive[i]];
    return cost <= other_cost;
}

Index LabelTable::add(const TransferState& state, Bytes cost, Index parent, std::span<const Index> ops) {
    const Index number = set_of(state);
    Set& set = sets_[number];
    const auto alive = alive_of(set);
    present_.clear();
    for (const Index item : alive) present_.push_back(state.level(item));
    Index* link = &set.newest;
    for (Index other = *link; other >= 0; other = *link) {
        ++work_;
        Label& old = labels_[other];
        const auto levels = levels_of(old, set.alive_count);
        if (dominates(levels, old.cost, present_, cost, alive)) return -1;
        if (dominates(present_, cost, levels, old.cost, alive)) {
            old.dropped = true;
            *link = before_[other];
        } else {
            link = &before_[other];
        }
    }
    labels_.push_back({number, parent, ops_.size(), levels_.size(), cost});
    before_.push_back(set.newest);
    set.newest = count() - 1;
    ops_.insert(ops_.end(), ops.begin(), ops.end());
    levels_.insert(levels_.end(), present_.begin(), present_.end());
    return count() - 1;
}

void LabelTable::restore(TransferState& state, Index number) const {
    const Label& label = labels_[number];
    const Set& set = sets_[label.set];
    state.restore(ran_of(label.set), std::span(numbers_).subspan(set.ready, set.ready_count), alive_of(set),
                  levels_of(label, set.alive_count));
}

std::vector<Index> LabelTable::order_of(Index number) const {
    std::vector<Index> order;
    for (; number >= 0; number = labels_[number].parent) {
        for (std::size_t i = ops_end(number); i > labels_[number].ops_begin; --i) order.push_back(ops_[i - 1]);
    }
    std::ranges::reverse(order);
    return order;
}

}  // namespace tmpass::residency
