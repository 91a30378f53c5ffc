// The part of ConstraintSolver that looks back: from a contradiction to the placements that it follows from.
#include <algorithm>

#include "packing/constraint_solver.hpp"

namespace tmpass::packing {
namespace {

constexpr std::int64_t kLooksToExplain = 4;  // per neighbour or member: each is looked for in the history of its bounds

}  // namespace

// The explanation needs bound `side` of b to be at `value` or above, which it was: marks the earliest event that
// brought it there.
void ConstraintSolver::need(int side, Index b, Bytes value) {
    if (holds_at_start(side, b, value)) return;
    mark(std::ranges::lower_bound(history_[side][b], value, {}, &Past::value)->event, value);
}

void ConstraintSolver::mark(Index event, Bytes value) {
    if (event < settled_) return;
    if (marked_.size() < events_.size()) {
        marked_.resize(events_.size(), 0);
        needed_.resize(events_.size());
    }
    if (!marked_[event]) {
        marked_[event] = 1;
        needed_[event] = value;
        ++pending_;
    } else {
        needed_[event] = std::max(needed_[event], value);
    }
}

Bytes ConstraintSolver::value_at(int side, Index b, Index before) const {
    const auto& history = history_[side][b];
    const auto after = std::ranges::lower_bound(history, before, {}, &Past::event);
    return after == history.begin() ? root_[side][b] : std::prev(after)->value;
}

void ConstraintSolver::analyze() {
    conflict_.clear();
    const auto last = static_cast<Index>(events_.size()) - 1;
    Index event = last;
    for (; pending_ > 0; --event) {
        if (!marked_[event]) continue;
        marked_[event] = 0;
        --pending_;
        explain(event);
    }
    work_ += last - event;
    std::ranges::sort(conflict_);
}

void ConstraintSolver::explain(Index index) {
    const Event& event = events_[index];
    switch (event.why) {
        case Why::kPlaced:
            conflict_.push_back(static_cast<Index>(std::ranges::lower_bound(levels_, index) - levels_.begin()));
            return;
        case Why::kRefuted:
            for (Index i = 0; i < reasons_[event.cause]; ++i) {
                const Event& reason = events_[reasons_[event.cause + 1 + i]];
                need(1, reason.buffer, reason.value);
            }
            return;
        case Why::kPair:
            return explain_pair(index);
        case Why::kSection:
            return explain_section(index);
        case Why::kRest:
            return explain_rest(index);
        case Why::kChain:  // all placements before it
            for (const Index placed : levels_) {
                if (placed > index) break;
                mark(placed, events_[placed].value);
            }
            return;
    }
}

// Pair: target - source was at least `from`, so it is at least `to`, since [from, to) is forbidden.
void ConstraintSolver::explain_pair(Index index) {
    const Event& event = events_[index];
    const int side = event.side;
    const Index edge = event.cause >= 0 ? event.cause : -event.cause - 1;
    const Index target = event.buffer;
    const Index source = event.cause >= 0 ? owner_of_edge_[edge] : model_.neighbours[edge].other;
    const auto [from, to] = forbidden_difference(edge, event.region, side, target, source);
    need(side, source, enough_for(side, target, needed_[index]) - to);
    const Bytes other = value_at(1 - side, source, index);
    need(1 - side, source, other);
    need(side, target, from - other);
}

// Section: the member is not the lowest, since the others with high tops would not fit above it.
void ConstraintSolver::explain_section(Index index) {
    const Event& event = events_[index];
    const int side = event.side;
    const auto members = model_.section(event.cause);
    work_ += kLooksToExplain * static_cast<std::int64_t>(members.size());
    const Stretch& own = members[event.region];
    const Bytes top = enough_for(side, event.buffer, needed_[index]) + shift(side, own);
    const Bytes start = value_at(side, event.buffer, index) + shift(side, own);
    const Bytes slack = limit(side) - start - own.size;
    Bytes others = 0;
    // First those for which it holds from the start.
    for (const Stretch& member : members)
        if (&member != &own && holds_at_start(side, member.owner, top - member.size - shift(side, member)))
            others += member.size;
    for (const Stretch& member : members) {
        if (others > slack) break;
        const Bytes value = top - member.size - shift(side, member);
        if (&member == &own || at_[side][member.owner] < value || holds_at_start(side, member.owner, value)) continue;
        const Index brought = std::ranges::lower_bound(history_[side][member.owner], value, {}, &Past::value)->event;
        if (brought >= index) continue;
        others += member.size;
        mark(brought, value);
    }
    need(side, event.buffer, limit(side) - own.size - others + 1 - shift(side, own));
}

// Rest: from its old low up to the value needed there was nothing to rest on: each neighbour is too high, or its high
// sank too low.
void ConstraintSolver::explain_rest(Index index) {
    const Event& event = events_[index];
    const Index b = event.buffer;
    const Bytes low = event.old, value = enough_for(0, b, needed_[index]);
    need(0, b, low);
    work_ += kLooksToExplain * (model_.neighbour_start[b + 1] - model_.neighbour_start[b]);
    for (Index edge = model_.neighbour_start[b]; edge < model_.neighbour_start[b + 1]; ++edge) {
        const auto [other, table] = model_.neighbours[edge];
        const auto look = [&](Bytes rise) {
            if (rise >= kAlways / 2) return;
            if (holds_at_start(0, other, value - rise)) return;
            // Its high sank so far that a buffer resting on it is below `low`.
            const Bytes sunk = rise - enough_for(0, b, low) + 1;
            if (holds_at_start(1, other, sunk)) return;
            if (value_at(0, other, index) >= value - rise)
                need(0, other, value - rise);
            else
                need(1, other, sunk);
        };
        if (table < 0)
            look(model_.size[other]);
        else
            for (const Range& range : model_.tables[table]) look(range.second);
    }
}

}  // namespace tmpass::packing
