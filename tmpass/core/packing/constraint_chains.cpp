// The part of ConstraintSolver that ends a climb: bounds that push one another up by small steps, round and round.
//
//     a rests on b or on c, b on a or on d: without c and d, a is at b's top, b at a's, and so on up. What ends it is
//     to follow whole chains: down from a, each buffer rests on the next, until one is on the ground.
//
// Both passes are Bellman-Ford over all pairs. All placements are taken as the reason for what comes out.
#include <algorithm>

#include "packing/constraint_solver.hpp"

namespace tmpass::packing {
namespace {

// Calls visit(b, other, range) for each range of differences offset(b) - offset(other) that the two cannot have.
template <typename Visit>
void for_each_pair(const ConstraintModel& model, Visit visit) {
    for (Index b = 0; b < model.count(); ++b)
        for (Index edge = model.neighbour_start[b]; edge < model.neighbour_start[b + 1]; ++edge) {
            const auto [other, table] = model.neighbours[edge];
            if (table < 0)
                visit(b, other, Range(1 - model.size[b], model.size[other]));
            else
                for (const Range& range : model.tables[table]) visit(b, other, range);
        }
}

// An offset, and the number of links down to the ground as a negative number: each link counts as a little less than it
// is, so that cycles that do not lead up never settle. Of the buffers on those nothing is known.
using Height = std::pair<Bytes, Index>;

}  // namespace

bool ConstraintSolver::conflict_of_all() {
    conflict_.resize(levels_.size());
    for (Index depth = 0; depth < this->depth(); ++depth) conflict_[depth] = depth;
    return false;
}

bool ConstraintSolver::propagate_chains() {
    std::vector<Bytes> low(at_[0].begin(), at_[0].end() - 1);
    if (!raise_along_chains(low)) return conflict_of_all();
    return rest_on_chains(low);
}

// Raises `low` by which buffer must be above which. False where a cycle leads up, or a low is above a high.
bool ConstraintSolver::raise_along_chains(std::vector<Bytes>& low) {
    const Index count = model_.count();
    bool changed = true;
    for (Index round = 0; changed && round <= count; ++round) {
        changed = false;
        work_ += static_cast<std::int64_t>(model_.neighbours.size());
        for_each_pair(model_, [&](Index b, Index other, const Range& range) {
            if (at_[0][b] + at_[1][other] < range.first || low[b] >= low[other] + range.second) return;
            low[b] = low[other] + range.second;
            if (low[b] > kAlways / 2)
                low[b] = kAlways / 2;
            else
                changed = true;
        });
    }
    for (Index b = 0; b < count; ++b)
        if (low[b] > high(b)) changed = true;
    return !changed;
}

// Raises each low to the least offset at which a buffer can rest on another, and so on, down to the ground.
bool ConstraintSolver::rest_on_chains(const std::vector<Bytes>& low) {
    const Index count = model_.count();
    std::vector<Height> heights(count);
    std::vector<char> unknown(count, 0);
    for (Index b = 0; b < count; ++b) {
        Bytes ground = low[b] == root_[0][b] || decided(b) ? at_[0][b] : kAlways / 2;
        for (const Range& range : model_.forbidden[b]) {
            const Bytes start = model_.lift(b, range.second);
            if (start >= at_[0][b]) ground = std::min(ground, start);
        }
        heights[b] = {ground, 0};
    }
    const auto lower_heights = [&](bool mark) {
        bool moved = false;
        work_ += static_cast<std::int64_t>(model_.neighbours.size());
        for_each_pair(model_, [&](Index b, Index other, const Range& range) {
            if (range.second >= kAlways / 2 || model_.lift(b, range.second - at_[1][other]) < at_[0][b]) return;
            if (mark && unknown[other] && !unknown[b]) unknown[b] = moved = true;
            const Height through(heights[other].first + range.second, heights[other].second - 1);
            if (through >= heights[b] || heights[b].first <= at_[0][b]) return;
            if (mark) {
                moved = moved || !unknown[b];
                unknown[b] = 1;
            } else {
                heights[b] = through.first <= at_[0][b] ? Height(at_[0][b], 0) : through;
                moved = true;
            }
        });
        return moved;
    };
    Index round = 0;
    while (round <= count && lower_heights(false)) ++round;
    while (lower_heights(true)) {
    }
    for (Index b = 0; b < count; ++b) {
        const Bytes least = unknown[b] ? at_[0][b] : heights[b].first;
        if (least > high(b)) return conflict_of_all();
        if (!raise(0, b, model_.lift(b, least), Why::kChain, 0)) return false;
    }
    return true;
}

}  // namespace tmpass::packing
