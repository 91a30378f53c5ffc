// What both searches over labels share: the labels that follow one, each after the chains that it goes on with at once.
#pragma once

#include "residency/departures.hpp"
#include "residency/free_chains.hpp"
#include "residency/label_table.hpp"

namespace tmpass::residency {

inline constexpr std::int64_t kLabelsBetweenChecks = 512;  // that grow, between looks at Ctrl-C: some milliseconds

class LabelGrowth {
  public:
    LabelGrowth(const FreeOrderProblem& problem, Bytes upper, Chains chains)
        : problem_(problem),
          upper_(upper),
          chains_(chains),
          table_(problem),
          departures_(problem),
          state_(problem),
          child_(problem) {}

    const LabelTable& table() const { return table_; }

    // Labels kept; more where comparing them, or choosing what leaves, takes long.
    std::int64_t spent() const {
        return std::max<std::int64_t>(table_.count(), (table_.work() + tried_) / kWorkPerLabel);
    }

    // Calls visit(label, state) with the label of the empty set, which costs nothing.
    template <typename Visit>
    void begin(Visit visit) {
        if (upper_ <= 0) return;
        ops_.clear();
        child_ = TransferState(problem_);
        add(0, -1, visit);
    }

    // The same with each label that follows one, costs less than `upper`, and is not dominated. With `run_on`, an
    // operator that makes all that the next one reads is followed by that one: a guess.
    template <typename Visit>
    void grow(Index label, Visit visit, bool run_on = false) {
        table_.restore(state_, label);
        const Bytes cost = table_.label(label).cost;
        const Index only = run_on ? follower(table_.last_op(label)) : -1;
        for (const Index op : state_.ready()) {
            if (only >= 0 && op != only) continue;
            departures_.each(state_, op, state_.during(op) - problem_.capacity, [&](const std::vector<Index>& leaving) {
                ++tried_;
                child_ = state_;
                Bytes paid = cost;
                for (const Index item : leaving) paid += child_.send_away(item);
                if (paid >= upper_) return;
                child_.run(op);
                ops_.assign(1, op);
                add(paid, label, visit);
            });
        }
    }

  private:
    static constexpr std::int64_t kWorkPerLabel = 400;  // comparisons and departures that cost as much as a label

    template <typename Visit>
    void add(Bytes cost, Index parent, Visit& visit) {
        for (auto chain = free_chain(child_, problem_, chains_); !chain.empty();
             chain = free_chain(child_, problem_, chains_))
            for (const Index op : chain) {
                child_.run(op);
                ops_.push_back(op);
            }
        const Index label = table_.add(child_, cost, parent, ops_);
        if (label >= 0) visit(label, child_);
    }

    // The only reader of the only item that `op` makes, if it reads nothing else; -1 if there is none.
    Index follower(Index op) const {
        if (op < 0 || problem_.makes.of(op).size() != 1) return -1;
        const auto readers = problem_.readers.of(problem_.makes.of(op)[0]);
        return readers.size() == 1 && problem_.reads.of(readers[0]).size() == 1 && state_.is_ready(readers[0])
                   ? readers[0]
                   : -1;
    }

    const FreeOrderProblem& problem_;
    const Bytes upper_;
    const Chains chains_;
    LabelTable table_;
    Departures departures_;
    TransferState state_, child_;
    std::vector<Index> ops_;
    std::int64_t tried_ = 0;
};

}  // namespace tmpass::residency
