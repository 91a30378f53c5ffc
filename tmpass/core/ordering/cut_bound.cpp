#include "ordering/cut_bound.hpp"

#include <algorithm>
#include <numeric>

#include "ordering/min_cut.hpp"

namespace tmpass::ordering {

namespace {

// Nodes of the flow network: the source stands for the side that ran, the sink for the side that runs later.
constexpr Index kSource = 0, kSink = 1;

class CutBounder {
  public:
    explicit CutBounder(const OrderProblem& problem) : problem_(problem), side_(problem.count()) {}

    // Bytes alive while `op` runs, whatever else ran: its items and its scratch.
    Bytes own(Index op) const {
        Bytes bytes = problem_.scratch[op], saved = 0;
        for (const Index item : problem_.items.of(op)) bytes += problem_.size[item];
        for (const InPlace& option : problem_.in_place.of(op)) saved = std::max(saved, option.bytes);
        return bytes - saved;
    }

    Bytes least(Index op, const Interrupted& interrupted) {
        constexpr Index kOpen = -1;
        std::ranges::fill(side_, kOpen);
        mark(problem_.before, op, kSource);
        mark(problem_.after, op, kSink);
        Index nodes = 2;
        for (Index& side : side_)
            if (side == kOpen) side = nodes++;
        FlowNetwork network(nodes + 2 * problem_.item_count());
        Bytes always = own(op);
        for (Index item = 0; item < problem_.item_count(); ++item) {
            const auto users = problem_.users.of(item);
            if (std::ranges::binary_search(users, op)) continue;
            const bool begun = problem_.first[item] || touches(users, kSource);
            const bool wanted = problem_.last[item] || touches(users, kSink);
            if (begun && wanted) {
                always += problem_.size[item];
                continue;
            }
            const Index started = begun ? kSource : nodes++, ended = wanted ? kSink : nodes++;
            network.add_arc(started, ended, problem_.size[item]);
            for (const Index user : users) {
                if (!begun) network.add_arc(side_[user], started, kMaxBytes);
                if (!wanted) network.add_arc(ended, side_[user], kMaxBytes);
            }
        }
        for (Index other = 0; other < problem_.count(); ++other)
            if (side_[other] > kSink)
                for (const Index earlier : problem_.before.of(other))
                    if (side_[earlier] > kSink) network.add_arc(side_[other], side_[earlier], kMaxBytes);
        return always + network.max_flow(kSource, kSink, interrupted);
    }

  private:
    // Puts every operator that `op` reaches along `lists` on a side.
    void mark(const Lists& lists, Index op, Index side) {
        std::vector<Index> open{op};
        side_[op] = kSink;  // it has not run yet
        while (!open.empty()) {
            const Index current = open.back();
            open.pop_back();
            for (const Index next : lists.of(current))
                if (side_[next] < 0) {
                    side_[next] = side;
                    open.push_back(next);
                }
        }
    }

    bool touches(std::span<const Index> users, Index side) const {
        return std::ranges::any_of(users, [&](Index user) { return side_[user] == side; });
    }

    const OrderProblem& problem_;
    std::vector<Index> side_;
};

}  // namespace

OrderBound bound_orders(const OrderProblem& problem, std::span<const Bytes> during, Index limit,
                        const Interrupted& interrupted) {
    CutBounder bounder(problem);
    OrderBound best{0, -1, 0};
    for (Index op = 0; op < problem.count(); ++op)
        if (const Bytes bytes = bounder.own(op); bytes > best.bytes) best = {bytes, op, 0};
    std::vector<Index> ops(problem.count());
    std::iota(ops.begin(), ops.end(), 0);
    std::ranges::stable_sort(ops, [&](Index a, Index b) { return during[a] > during[b]; });
    for (const Index op : ops) {
        if (during[op] <= best.bytes || best.solved == limit) break;
        const Bytes bytes = bounder.least(op, interrupted);
        ++best.solved;
        if (bytes > best.bytes) best = {bytes, op, best.solved};
    }
    return best;
}

}  // namespace tmpass::ordering
