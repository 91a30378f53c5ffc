#include "ordering/least_peak_search.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>
#include <unordered_set>

#include "ordering/lossless_step.hpp"
#include "ordering/order_state.hpp"
#include "ordering/parallel_chains.hpp"
#include "ordering/set_keys.hpp"

namespace tmpass::ordering {

namespace {

// Looks at operators per set. Sets that were entered before are not counted, but cost the same; where thousands of
// operators can run, there are thousands of them for each new set. In real models a set takes 81 looks at most.
constexpr std::int64_t kLooksPerState = 400;
constexpr std::int64_t kLooksBetweenChecks = 1 << 17;  // at operators: some milliseconds

// A set of operators that the search has entered: that of `parent`, and ops_[begin .. end) after it.
struct Entry {
    Index parent;
    std::size_t begin, end;
};

// An entry whose steps are being tried: of candidates_[begin .. end), those from `next` on are left.
struct Frame {
    Index entry;
    std::size_t begin, next, end;
};

class LeastPeakSearch {
  public:
    LeastPeakSearch(const OrderProblem& problem, Bytes lower, Bytes upper, const OrderRules& rules)
        : problem_(problem),
          state_(problem),
          keys_(problem, rules.twins),
          chains_(problem),
          rules_(rules),
          ceiling_(lower),
          upper_(upper) {}

    SearchedOrder run(std::int64_t limit, const Interrupted& interrupted) {
        if (ceiling_ >= upper_) return {{}, upper_, 0};
        limit_ = limit;
        if (enter(-1, -1)) return found();
        while (spent() < limit) {
            if (frames_.empty() && !resume()) return {{}, upper_, spent()};
            Frame& frame = frames_.back();
            if (frame.next == frame.end) {
                leave();
            } else if (enter(frame.entry, candidates_[frame.next++])) {
                return found();
            }
            if (++looks_ - asked_ > kLooksBetweenChecks) {
                asked_ = looks_;
                if (interrupted()) throw Cancelled();
            }
        }
        return {{}, ceiling_, spent()};
    }

  private:
    std::int64_t spent() const { return std::max(states_, looks_ / kLooksPerState); }

    // Enters the set of `parent` with `op` and all lossless steps after it. True when every operator has run.
    bool enter(Index parent, Index op) {
        const std::size_t begin = ops_.size();
        if (op >= 0) take(op);
        // A set may have thousands of such steps after it, each after a look at thousands of operators.
        for (Index next;
             looks_ / kLooksPerState < limit_ && (next = lossless_step(state_, problem_, ceiling_, rules_)) >= 0;) {
            looks_ += std::ssize(state_.ready());
            take(next);
        }
        looks_ += std::ssize(state_.ready());
        if (!state_.complete() && !seen_.insert(keys_.key()).second) {
            take_back_to(begin);
            ops_.resize(begin);
            return false;
        }
        ++states_;
        entries_.push_back({parent, begin, ops_.size()});
        if (state_.complete()) return true;
        expand(static_cast<Index>(entries_.size()) - 1, -1);
        return false;
    }

    // Lists the steps that the ceiling allows and that need at least `floor` bytes. Where steps need more than the
    // ceiling, the set waits for the least that they need.
    void expand(Index entry, Bytes floor) {
        const std::size_t begin = candidates_.size();
        Bytes waits = upper_;
        ranked_.clear();
        looks_ += std::ssize(state_.ready());
        for (const Index op : worth_trying()) {
            const Effect effect = state_.effect(op);
            if (effect.during > ceiling_)
                waits = std::min(waits, effect.during);
            else if (effect.during >= floor)
                ranked_.emplace_back(effect.change, effect.during, op);
        }
        std::ranges::sort(ranked_);
        for (const auto& [change, during, op] : ranked_) candidates_.push_back(op);
        frames_.push_back({entry, begin, begin, candidates_.size()});
        if (waits < upper_) waiting_.emplace(waits, entry);
    }

    // The operators that can run; of parallel chains only the one that goes on.
    const std::vector<Index>& worth_trying() {
        // Where bytes are alive in the first step only, that step is different from all others.
        if (!rules_.hills || (state_.done() == 0 && problem_.beginning > 0)) return state_.ready();
        worth_.clear();
        group_head_.clear();
        for (const Index op : state_.ready()) {
            const Index group = chains_.group(op);
            if (group < 0) {
                worth_.push_back(op);
                continue;
            }
            const auto [head, is_new] = group_head_.try_emplace(group, op);
            if (!is_new && chains_.rank(op) < chains_.rank(head->second)) head->second = op;
        }
        for (const auto& [group, op] : group_head_) worth_.push_back(op);
        return worth_;
    }

    // Raises the ceiling to the least that a set waits for, and goes on from that set. False where none waits.
    bool resume() {
        if (waiting_.empty()) return false;
        const auto [bytes, entry] = waiting_.top();
        waiting_.pop();
        ceiling_ = std::max(ceiling_, bytes);
        go_to(entry);
        const Index op = lossless_step(state_, problem_, ceiling_, rules_);
        if (op < 0) {
            expand(entry, bytes);
        } else {
            candidates_.assign(1, op);
            frames_.push_back({entry, 0, 0, 1});
        }
        return true;
    }

    void leave() {
        const Frame frame = frames_.back();
        frames_.pop_back();
        candidates_.resize(frame.begin);
        const Entry& entry = entries_[frame.entry];
        if (!frames_.empty())
            for (std::size_t i = entry.begin; i < entry.end; ++i) take_back();
    }

    void go_to(Index entry) {
        looks_ += std::ssize(path_);
        while (!path_.empty()) take_back();
        for (const Index op : operators_of(entry)) run_one(op);
    }

    std::vector<Index> operators_of(Index entry) const {
        std::vector<Index> ops;
        for (; entry >= 0; entry = entries_[entry].parent)
            for (std::size_t i = entries_[entry].end; i > entries_[entry].begin; --i) ops.push_back(ops_[i - 1]);
        std::ranges::reverse(ops);
        return ops;
    }

    SearchedOrder found() const { return {operators_of(static_cast<Index>(entries_.size()) - 1), ceiling_, spent()}; }

    void take(Index op) {
        run_one(op);
        ops_.push_back(op);
    }

    void run_one(Index op) {
        state_.run(op);
        keys_.flip(op);
        path_.push_back(op);
    }

    void take_back() {
        state_.take_back(path_.back());
        keys_.flip(path_.back());
        path_.pop_back();
    }

    void take_back_to(std::size_t begin) {
        for (std::size_t i = ops_.size(); i > begin; --i) take_back();
    }

    const OrderProblem& problem_;
    OrderState state_;
    SetKeys keys_;
    ParallelChains chains_;
    OrderRules rules_;
    Bytes ceiling_, upper_;
    std::int64_t states_ = 0, looks_ = 0, asked_ = 0, limit_ = 0;
    std::vector<Index> path_;  // what has run, in order
    std::vector<Entry> entries_;
    std::vector<Index> ops_;
    std::vector<Frame> frames_;
    std::vector<Index> candidates_, worth_;
    std::map<Index, Index> group_head_;  // of parallel chains, the operator to try
    std::vector<std::tuple<Bytes, Bytes, Index>> ranked_;
    std::unordered_set<SetKey, SetKeyHash> seen_;
    std::priority_queue<std::pair<Bytes, Index>, std::vector<std::pair<Bytes, Index>>, std::greater<>> waiting_;
};

}  // namespace

SearchedOrder search_orders(const OrderProblem& problem, Bytes lower, Bytes upper, std::int64_t limit,
                            const OrderRules& rules, const Interrupted& interrupted) {
    return LeastPeakSearch(problem, lower, upper, rules).run(limit, interrupted);
}

}  // namespace tmpass::ordering
