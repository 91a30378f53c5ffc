// The part of the solver that ends a climb: bounds that push one another up by small steps, round and round.
//
//     a rests on b or on c, b on a or on d: without c and d a is at b's top, b at a's, and so on up. What ends it is to
//     follow whole chains: down from a, each rests on the next, until one is on the ground.
#include <algorithm>

#include "packing/constraint_solver.hpp"

namespace tmpass {

bool Solver::blame_all() {
    conflict_.resize(levels_.size());
    for (Index depth = 0; depth < this->depth(); ++depth) conflict_[depth] = depth;
    return false;
}

// Two rounds of shortest paths, or longest, over all pairs; for what comes out all placements are the reason.
bool Solver::propagate_chains() {
    const Index count = model_.count();
    const auto for_each_range = [&](auto visit) {
        for (Index b = 0; b < count; ++b)
            for (Index edge = model_.neighbour_start[b]; edge < model_.neighbour_start[b + 1]; ++edge) {
                const auto [other, table] = model_.neighbours[edge];
                if (table < 0)
                    visit(b, other, Range(1 - model_.size[b], model_.size[other]));
                else
                    for (const Range& range : model_.tables[table]) visit(b, other, range);
            }
    };
    // Who must be above whom: a round trip that leads up contradicts itself.
    std::vector<Bytes> low(at_[0].begin(), at_[0].end() - 1);
    bool changed = true;
    for (Index round = 0; changed && round <= count; ++round) {
        changed = false;
        work_ += static_cast<std::int64_t>(model_.neighbours.size());
        for_each_range([&](Index b, Index other, const Range& range) {
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
    if (changed) return blame_all();

    // The least a buffer can be at if it rests on another, and so on, down to the ground. Each link counts as a little
    // less than it is, so that round trips that do not lead up never come to an end: of those nothing is known.
    using Height = std::pair<Bytes, Index>;
    std::vector<Height> heights(count);
    std::vector<char> unknown(count, 0);
    for (Index b = 0; b < count; ++b) {
        Bytes ground = low[b] == root_[0][b] || decided(b) ? at_[0][b] : kAlways / 2;
        for (const Range& range : model_.barred[b]) {
            const Bytes start = model_.lift(b, range.second);
            if (start >= at_[0][b]) ground = std::min(ground, start);
        }
        heights[b] = {ground, 0};
    }
    const auto rest = [&](bool mark) {
        bool moved = false;
        work_ += static_cast<std::int64_t>(model_.neighbours.size());
        for_each_range([&](Index b, Index other, const Range& range) {
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
    while (round <= count && rest(false)) ++round;
    while (rest(true)) {
    }
    for (Index b = 0; b < count; ++b) {
        const Bytes least = unknown[b] ? at_[0][b] : heights[b].first;
        if (least > high(b)) return blame_all();
        if (!raise(0, b, model_.lift(b, least), Why::kChain, 0)) return false;
    }
    return true;
}

}  // namespace tmpass
