#include "ordering/beam_search.hpp"

#include <algorithm>
#include <memory>
#include <tuple>
#include <unordered_set>

#include "ordering/lossless_step.hpp"
#include "ordering/set_keys.hpp"

namespace tmpass::ordering {

namespace {

// The beginning of an order: the operators that ran last, after an earlier beginning; -1 for none.
struct Past {
    Index before;
    std::vector<Index> ops;
};

struct Node {
    OrderState state;
    SetKeys keys;
    Bytes peak;
    Index past;
};

// A set that is not made yet: what runs after the set of `parent`.
struct Candidate {
    Bytes peak, live;
    SetKey key;
    std::shared_ptr<Node> parent;
    std::vector<Index> ops;
};

constexpr OrderRules kRules{.chains = false};  // looking along chains costs more here than it saves

class Beam {
  public:
    Beam(const OrderProblem& problem, Bytes enough)
        : problem_(problem), enough_(enough), waiting_(problem.count() + 1) {}

    std::vector<Index> run(Index width, const Interrupted& interrupted) {
        auto root = std::make_shared<Node>(Node{OrderState(problem_), SetKeys(problem_, true), enough_, -1});
        if (problem_.count() > 0) expand(root);
        for (Index done = 1; done < problem_.count(); ++done) {
            for (auto& node : best_of(done, width)) {
                if (interrupted()) throw Cancelled();
                expand(node);
            }
        }
        return order();
    }

  private:
    // Adds a candidate for each operator that can run next, together with the lossless steps after it, to the sets that
    // wait. The state is left as it was.
    void expand(const std::shared_ptr<Node>& node) {
        OrderState& state = node->state;
        std::vector<Index> ready(state.ready());
        std::ranges::sort(ready);
        const Index only = lossless_step(state, problem_, node->peak, kRules);
        if (only >= 0) ready.assign(1, only);
        for (const Index op : ready) {
            Candidate next{std::max(node->peak, state.effect(op).during), 0, {}, node, {}};
            for (Index step = op; step >= 0; step = lossless_step(state, problem_, next.peak, kRules)) {
                state.run(step);
                node->keys.flip(step);
                next.ops.push_back(step);
            }
            next.live = state.live();
            next.key = node->keys.key();
            const Index done = state.done();
            for (auto step = next.ops.rbegin(); step != next.ops.rend(); ++step) {
                state.take_back(*step);
                node->keys.flip(*step);
            }
            waiting_[done].push_back(std::move(next));
        }
    }

    // Makes the best sets of `done` operators that wait, each set once.
    std::vector<std::shared_ptr<Node>> best_of(Index done, Index width) {
        std::vector<Candidate> candidates = std::move(waiting_[done]);
        std::ranges::stable_sort(candidates, {}, [](const Candidate& c) { return std::tuple(c.peak, c.live); });
        std::unordered_set<SetKey, SetKeyHash> seen;
        std::vector<std::shared_ptr<Node>> nodes;
        for (Candidate& c : candidates) {
            if (static_cast<Index>(nodes.size()) == width) break;
            if (!seen.insert(c.key).second) continue;
            auto node = std::make_shared<Node>(*c.parent);
            for (const Index op : c.ops) {
                node->state.run(op);
                node->keys.flip(op);
            }
            node->peak = c.peak;
            node->past = static_cast<Index>(pasts_.size());
            pasts_.push_back({c.parent->past, std::move(c.ops)});
            nodes.push_back(std::move(node));
        }
        return nodes;
    }

    std::vector<Index> order() {
        std::vector<Index> ops;
        const auto& ends = waiting_[problem_.count()];
        if (ends.empty()) return ops;
        const auto best = std::ranges::min_element(ends, {}, &Candidate::peak);
        ops.assign(best->ops.rbegin(), best->ops.rend());
        for (Index past = best->parent->past; past >= 0; past = pasts_[past].before)
            ops.insert(ops.end(), pasts_[past].ops.rbegin(), pasts_[past].ops.rend());
        std::ranges::reverse(ops);
        return ops;
    }

    const OrderProblem& problem_;
    Bytes enough_;
    std::vector<std::vector<Candidate>> waiting_;  // by the number of operators that ran
    std::vector<Past> pasts_;
};

}  // namespace

std::vector<Index> beam_order(const OrderProblem& problem, Index width, Bytes enough, const Interrupted& interrupted) {
    return Beam(problem, enough).run(width, interrupted);
}

}  // namespace tmpass::ordering
