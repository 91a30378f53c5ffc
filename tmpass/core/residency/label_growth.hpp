// What both searches over labels share: the labels that follow one, each after the chains that it goes on with at once.
#pragma once

#include <limits>

#include "residency/departures.hpp"
#include "residency/free_chains.hpp"
#include "residency/label_table.hpp"

namespace tmpass::residency {

// What a search may do: make up to `limit` labels, as long as it is not interrupted.
struct Budget {
    std::int64_t limit;
    const Interrupted& interrupted;
};

struct Guess {
    bool run_on = false;
    Index tries = std::numeric_limits<Index>::max();
};

class LabelGrowth {
  public:
    LabelGrowth(const FreeOrderProblem& problem, Bytes upper, Chains chains, const Budget& budget)
        : problem_(problem),
          upper_(upper),
          chains_(chains),
          budget_(budget),
          weight_(1 + (problem.count() + problem.item_count()) / kSizePerLabel),
          table_(problem),
          departures_(problem),
          state_(problem),
          child_(problem) {}

    const LabelTable& table() const { return table_; }

    // Labels kept; more where comparing them or choosing what leaves takes long, and in large graphs.
    std::int64_t spent() const {
        const std::int64_t work = table_.work() / kComparisonsPerLabel + tried_ / kTriesPerLabel;
        return weight_ * std::max<std::int64_t>(table_.count(), work);
    }

    // Calls visit(label, state) with the label of the empty set, which costs nothing.
    template <typename Visit>
    void begin(Visit visit) {
        if (upper_ <= 0) return;
        ops_.clear();
        child_ = TransferState(problem_);
        add(0, -1, visit);
    }

    // The same with each label that follows one, costs less than `upper`, and is not dominated. With a
    // guess, an operator that makes all that the next one reads is followed by that one where it says `run_on`, and at
    // most `tries` sets of items that leave are tried for each operator. False where the budget ended
    // before all that follow were made. Throws Cancelled.
    template <typename Visit>
    bool grow(Index label, Visit visit, const Guess& guess = {}) {
        table_.restore(state_, label);
        const Bytes cost = table_.label(label).cost;
        const Index only = guess.run_on ? follower(table_.last_op(label)) : -1;
        const auto try_without = [&](Index op, const std::vector<Index>& leaving) {
            if (++tried_ % kTriesBetweenChecks == 0 && budget_.interrupted()) throw Cancelled();
            child_ = state_;
            Bytes paid = cost;
            for (const Index item : leaving) paid += child_.send_away(item);
            if (paid < upper_) {
                child_.run(op);
                ops_.assign(1, op);
                add(paid, label, visit);
            }
            return spent() < budget_.limit;
        };
        return std::ranges::all_of(state_.ready(), [&](Index op) {
            if (only >= 0 && op != only) return true;
            bool goes_on = true;
            Index tries = 0;
            departures_.each(state_, op, state_.during(op) - problem_.capacity, [&](const std::vector<Index>& leaving) {
                goes_on = try_without(op, leaving);
                return goes_on && ++tries < guess.tries;
            });
            return goes_on;
        });
    }

  private:
    static constexpr std::int64_t kComparisonsPerLabel = 400;  // that take as long as a label; the same below
    static constexpr std::int64_t kTriesPerLabel = 16;
    static constexpr Index kSizePerLabel = 4000;               // operators and items
    static constexpr std::int64_t kTriesBetweenChecks = 4096;  // some milliseconds

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
    const Budget budget_;
    const std::int64_t weight_;
    LabelTable table_;
    Departures departures_;
    TransferState state_, child_;
    std::vector<Index> ops_;
    std::int64_t tried_ = 0;
};

}  // namespace tmpass::residency
