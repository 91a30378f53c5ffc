// Sets of operators that have run, and for each of them its labels: levels of the items, and what they cost so far.
//
// One label dominates another of the same set if it costs no more even after its levels are raised to those of the
// other: cost + sum of size * max(0, other's level - level) <= other's cost. A dominated label is dropped.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "residency/transfer_state.hpp"

namespace tmpass::residency {

struct Label {
    Index set;
    Index parent;                   // -1: none
    std::size_t ops_begin, levels;  // where its operators after its parent, and its levels, begin
    Bytes cost;
    bool dropped = false;
};

class LabelTable {
  public:
    explicit LabelTable(const FreeOrderProblem& problem);

    // Adds a label unless another one dominates it, and drops those that it dominates. Returns its number, or -1.
    Index add(const TransferState& state, Bytes cost, Index parent, std::span<const Index> ops);

    void restore(TransferState& state, Index label) const;
    const Label& label(Index number) const { return labels_[number]; }
    Index count() const { return static_cast<Index>(labels_.size()); }
    std::vector<Index> order_of(Index label) const;
    Index last_op(Index label) const { return ops_end(label) == 0 ? -1 : ops_[ops_end(label) - 1]; }
    std::int64_t work() const { return work_; }  // comparisons of labels

  private:
    struct Set {
        std::size_t alive, ready;  // where its items and operators begin
        Index alive_count, ready_count;
        Index newest = -1;    // label
        Index same_key = -1;  // the set before it with the same key
    };

    Index set_of(const TransferState& state);
    std::size_t ops_end(Index label) const { return label + 1 < count() ? labels_[label + 1].ops_begin : ops_.size(); }
    bool dominates(std::span<const Level> levels, Bytes cost, std::span<const Level> others, Bytes other_cost,
                   std::span<const Index> alive) const;
    std::span<const Index> alive_of(const Set& set) const {
        return std::span(numbers_).subspan(set.alive, set.alive_count);
    }
    std::span<const Level> levels_of(const Label& label, Index alive) const {
        return std::span(levels_).subspan(label.levels, alive);
    }
    std::span<const std::uint64_t> ran_of(Index set) const { return std::span(ran_).subspan(set * words_, words_); }

    const FreeOrderProblem& problem_;
    std::size_t words_;
    std::vector<Set> sets_;
    std::vector<std::uint64_t> ran_;
    std::vector<Index> numbers_, ops_;
    std::vector<Label> labels_;
    std::vector<Index> before_;  // of each label, the label of the same set that is older
    std::vector<Level> levels_, present_;
    std::unordered_map<std::uint64_t, Index> by_key_;
    std::int64_t work_ = 0;
};

}  // namespace tmpass::residency
