#include "packing/constraint_solver.hpp"

#include <algorithm>
#include <numeric>

namespace tmpass::packing {
namespace {

constexpr std::int64_t kLooksOfAnEvent = 8;  // besides those at the sections of its buffer

// Sorts by falling key. By insertion, since the order is that of the last time, and nearly right. Returns how often it
// moved a member by one place.
template <typename Projection>
std::int64_t insertion_sort(std::span<Index> order, Projection key) {
    std::int64_t moves = 0;
    for (std::size_t i = 1; i < order.size(); ++i) {
        const Index moved = order[i];
        const Bytes own = key(moved);
        std::size_t at = i;
        for (; at > 0 && key(order[at - 1]) < own; --at) order[at] = order[at - 1];
        order[at] = moved;
        moves += static_cast<std::int64_t>(i - at);
    }
    return moves;
}

}  // namespace

ConstraintSolver::ConstraintSolver(const ConstraintModel& model, std::size_t climb, const Interrupted& interrupted)
    : model_(model), climb_(climb), interrupted_(interrupted) {
    const Index count = model.count();
    at_[0] = model.first;
    at_[1] = model.last;
    for (Bytes& bound : at_[1]) bound = -bound;
    for (auto& bounds : at_) bounds.push_back(0);  // the ground, on which fixed buffers stand
    root_ = at_;
    for (auto& history : history_) history.resize(count + 1);
    owner_of_edge_.resize(model.neighbours.size());
    for (Index b = 0; b < count; ++b)
        std::fill(owner_of_edge_.begin() + model.neighbour_start[b],
                  owner_of_edge_.begin() + model.neighbour_start[b + 1], b);
    support_.assign(count, -1);
    for (const int side : {0, 1}) {
        by_start_[side].resize(model.stretches.size());
        for (Index s = 0; s < model.sections(); ++s)
            std::iota(by_start_[side].begin() + model.section_start[s],
                      by_start_[side].begin() + model.section_start[s + 1], 0);
        by_top_[side] = by_start_[side];
    }
    supported_.resize(count);
    has_tables_.assign(count, 0);
    for (Index b = 0; b < count; ++b)
        for (Index edge = model.neighbour_start[b]; edge < model.neighbour_start[b + 1]; ++edge)
            if (model.neighbours[edge].table >= 0) has_tables_[b] = 1;
    summaries_.resize(model.sections());
    buffer_queued_.assign(count, 0);
    rest_queued_.assign(count, 0);
    for (auto& queued : section_queued_) queued.assign(model.sections(), 0);
}

bool ConstraintSolver::start() {
    for (Index b = 0; b < model_.count(); ++b) {
        if (at_[0][b] + at_[1][b] > 0) return false;
        mark_dirty(0, b);
        mark_dirty(1, b);
    }
    for (Index s = 0; s < model_.sections(); ++s)
        for (int side = 0; side < 2; ++side)
            if (!section_queued_[side][s]) {
                section_queued_[side][s] = 1;
                dirty_sections_[side].push_back(s);
            }
    const bool holds = propagate();
    settled_ = static_cast<Index>(events_.size());
    return holds;
}

bool ConstraintSolver::place(Index b) {
    levels_.push_back(static_cast<Index>(events_.size()));
    support_levels_.push_back(supports_.size());
    return raise(1, b, -at_[0][b], Why::kPlaced, 0) && propagate();
}

bool ConstraintSolver::refute(Index depth) {
    const Event placed = events_[levels_[depth]];
    const Bytes above = model_.lift(placed.buffer, 1 - placed.value);
    std::vector<Index> others;
    for (const Index other : conflict_)
        if (other < depth) others.push_back(levels_[other]);
    undo(depth);
    const auto start = static_cast<Index>(reasons_.size());
    reasons_.push_back(static_cast<Index>(others.size()));
    reasons_.insert(reasons_.end(), others.begin(), others.end());
    const bool holds = raise(0, placed.buffer, above, Why::kRefuted, start) && propagate();
    if (levels_.empty()) settled_ = static_cast<Index>(events_.size());
    return holds;
}

void ConstraintSolver::undo(Index depth) {
    forget_queues();
    if (depth >= this->depth()) return;
    const Index keep = levels_[depth];
    while (static_cast<Index>(events_.size()) > keep) {
        const Event& event = events_.back();
        at_[event.side][event.buffer] = event.old;
        history_[event.side][event.buffer].pop_back();
        if (event.why == Why::kRefuted) reasons_.resize(event.cause);
        update_summaries(event.buffer);
        events_.pop_back();
    }
    for (; supports_.size() > support_levels_[depth]; supports_.pop_back()) {
        const auto [b, other] = supports_.back();
        support_[b] = other;
        if (other >= 0) supported_[other].push_back(b);
    }
    levels_.resize(depth);
    support_levels_.resize(depth);
}

void ConstraintSolver::forget_queues() {
    for (const Index b : dirty_buffers_) buffer_queued_[b] = 0;
    for (const Index b : dirty_rests_) rest_queued_[b] = 0;
    dirty_buffers_.clear();
    dirty_rests_.clear();
    for (int side = 0; side < 2; ++side) {
        for (const Index s : dirty_sections_[side]) section_queued_[side][s] = 0;
        dirty_sections_[side].clear();
    }
}

void ConstraintSolver::mark_dirty(int side, Index b) {
    if (!buffer_queued_[b]) {
        buffer_queued_[b] = 1;
        dirty_buffers_.push_back(b);
    }
    update_summaries(b);
    for (const Index s : model_.sections_of(b)) {
        if (section_queued_[side][s]) continue;
        section_queued_[side][s] = 1;
        dirty_sections_[side].push_back(s);
    }
}

// Takes the bounds of b into the summaries of its sections.
void ConstraintSolver::update_summaries(Index b) {
    const Bytes top = at_[0][b] + model_.size[b], high = -at_[1][b];
    for (const Index s : model_.sections_of(b)) {
        Summary& summary = summaries_[s];
        if (decided(b)) {
            summary.placed_top = std::max(summary.placed_top, top);
        } else {
            summary.least_high = std::min(summary.least_high, high);
            summary.most_top = std::max(summary.most_top, top);
        }
    }
}

// Whether b is above all decided buffers of its sections, and b and any other can still be above one another.
bool ConstraintSolver::free(Index b) const {
    if (has_tables_[b]) return false;
    const Bytes low = at_[0][b], high = -at_[1][b], top = low + model_.size[b];
    for (const Index s : model_.sections_of(b)) {
        const Summary& summary = summaries_[s];
        if (summary.placed_top > low || summary.least_high < top || summary.most_top > high) return false;
    }
    return true;
}

void ConstraintSolver::rests_on(Index b, Index other) {
    if (support_[b] == other) return;
    if (!levels_.empty()) supports_.emplace_back(b, support_[b]);
    support_[b] = other;
    if (other >= 0) supported_[other].push_back(b);
}

// Lets a bound rise to `value`, which b can have. Where that is beyond the other bound, analyses the contradiction and
// returns false.
bool ConstraintSolver::raise(int side, Index b, Bytes value, Why why, Index cause, Index region) {
    if (value <= at_[side][b]) return true;
    const auto index = static_cast<Index>(events_.size());
    events_.push_back({b, static_cast<std::uint8_t>(side), why, cause, region, value, at_[side][b]});
    history_[side][b].push_back({value, index});
    at_[side][b] = value;
    work_ += kLooksOfAnEvent + static_cast<std::int64_t>(model_.sections_of(b).size());
    if (value + at_[1 - side][b] > 0) return contradict(side, b);
    mark_dirty(side, b);
    if (side == 0 && why == Why::kPair)
        rests_on(b, cause >= 0 ? owner_of_edge_[cause] : model_.neighbours[-cause - 1].other);
    return true;
}

bool ConstraintSolver::contradict(int side, Index b) {
    const Bytes other = at_[1 - side][b];
    need(side, b, 1 - other);  // one step beyond the other bound is enough
    need(1 - side, b, other);
    analyze();
    return false;
}

bool ConstraintSolver::propagate() {
    climb_from_ = events_.size();
    for (;;) {
        if (events_.size() - climb_from_ > climb_ * at_[0].size()) {
            if (!propagate_chains()) return false;
            climb_from_ = events_.size();
        }
        if (work_ > work_limit_) {
            gave_up_ = true;
            return false;
        }
        if (work_ > next_check_) {
            next_check_ = work_ + kWorkBetweenChecks;
            if (interrupted_()) throw Cancelled();
        }
        if (!dirty_buffers_.empty()) {
            const Index a = dirty_buffers_.back();
            dirty_buffers_.pop_back();
            buffer_queued_[a] = 0;
            if (!propagate_pairs(a)) return false;
        } else if (!dirty_rests_.empty()) {
            const Index b = dirty_rests_.back();
            dirty_rests_.pop_back();
            rest_queued_[b] = 0;
            if (!propagate_rest(b)) return false;
        } else if (!dirty_sections_[0].empty() || !dirty_sections_[1].empty()) {
            const int side = dirty_sections_[0].empty() ? 1 : 0;
            const Index s = dirty_sections_[side].back();
            dirty_sections_[side].pop_back();
            section_queued_[side][s] = 0;
            if (!propagate_section(side, s)) return false;
        } else {
            return true;
        }
    }
}

bool ConstraintSolver::propagate_pairs(Index a) {
    const auto check_rest = [&](Index b) {
        if (rest_queued_[b]) return;
        rest_queued_[b] = 1;
        dirty_rests_.push_back(b);
    };
    check_rest(a);
    auto& supported = supported_[a];
    if (supported.size() > 2 * support_.size()) {
        std::ranges::sort(supported);
        supported.erase(std::ranges::unique(supported).begin(), supported.end());
    }
    std::erase_if(supported, [&](Index b) { return support_[b] != a; });
    std::ranges::for_each(supported, check_rest);
    if (!decided(a) && free(a)) {
        work_ += model_.in_start[a + 1] - model_.in_start[a];
        return true;
    }
    const Index from = model_.neighbour_start[a], to = model_.neighbour_start[a + 1];
    work_ += to - from;
    for (Index edge = from; edge < to; ++edge) {
        const Index b = model_.neighbours[edge].other;
        if (model_.neighbours[edge].table >= 0) {
            if (!propagate_edge(edge, a, b)) return false;
            continue;
        }
        const Bytes size_a = model_.size[a], size_b = model_.size[b];
        for (int side = 0; side < 2; ++side) {
            const Bytes below = side == 0 ? size_a : size_b, above = side == 0 ? size_b : size_a;
            auto& at = at_[side];
            const auto& other = at_[1 - side];
            if (at[b] + other[a] > -above && at[b] < at[a] + below &&
                !raise(side, b, lift(side, b, at[a] + below), Why::kPair, edge))
                return false;
            if (at[a] + other[b] > -below && at[a] < at[b] + above &&
                !raise(side, a, lift(side, a, at[b] + above), Why::kPair, -edge - 1))
                return false;
        }
    }
    return true;
}

// The range number `region` of the edge from a to b: bound `side` of b less the opposite bound of a is not in it.
Range ConstraintSolver::forbidden_difference(Index edge, Index region, int side, Index b, Index a) const {
    const Index table = model_.neighbours[edge].table;
    if (table < 0) {
        const Bytes size_a = model_.size[a], size_b = model_.size[b];
        return side == 0 ? Range(1 - size_b, size_a) : Range(1 - size_a, size_b);
    }
    // The table is of the owner's offset less the other's.
    const Range range = model_.tables[table][region];
    const bool forward = owner_of_edge_[edge] == b;
    if (forward == (side == 0)) return range;
    return {1 - range.second, 1 - range.first};
}

bool ConstraintSolver::propagate_edge(Index edge, Index a, Index b) {
    const auto regions = static_cast<Index>(model_.tables[model_.neighbours[edge].table].size());
    for (int side = 0; side < 2; ++side)
        for (const auto& [target, source] : {std::pair(b, a), std::pair(a, b)})
            for (Index i = 0; i < regions; ++i) {
                // Forbidden ranges from the lowest up for the bound from below, from the highest down for the other.
                const Index region = (owner_of_edge_[edge] == target) == (side == 0) ? i : regions - 1 - i;
                const auto [from, to] = forbidden_difference(edge, region, side, target, source);
                const Bytes least = at_[side][target] + at_[1 - side][source];
                if (least < from) break;
                if (at_[side][target] >= at_[side][source] + to) continue;
                const Index cause = target == b ? edge : -edge - 1;
                if (!raise(side, target, lift(side, target, at_[side][source] + to), Why::kPair, cause, region))
                    return false;
            }
    return true;
}

// Fills starts_, and the summary of s. Returns the lowest start of an undecided member; kAlways if there is none.
Bytes ConstraintSolver::find_starts(int side, Index s) {
    const auto members = model_.section(s);
    const auto count = static_cast<Index>(members.size());
    starts_.resize(std::max<std::size_t>(starts_.size(), count));
    Bytes floor = kAlways;
    Summary fresh;
    for (Index i = 0; i < count; ++i) {
        const Index b = members[i].owner;
        starts_[i] = release(side, members[i]);
        if (b == model_.count()) continue;
        const Bytes top = at_[0][b] + model_.size[b];
        if (decided(b)) {
            fresh.placed_top = std::max(fresh.placed_top, top);
            continue;
        }
        fresh.least_high = std::min(fresh.least_high, -at_[1][b]);
        fresh.most_top = std::max(fresh.most_top, top);
        floor = std::min(floor, starts_[i]);
    }
    summaries_[s] = fresh;
    return floor;
}

bool ConstraintSolver::propagate_section(int side, Index s) {
    const auto members = model_.section(s);
    const auto count = static_cast<Index>(members.size());
    work_ += 4 * count;
    const Bytes floor = find_starts(side, s);
    if (floor == kAlways) return true;
    const std::span<Index> by_start = std::span(by_start_[side]).subspan(model_.section_start[s], count);
    work_ += insertion_sort(by_start, [&](Index i) { return starts_[i]; });
    Bytes sum = 0;
    for (const Index i : by_start) {
        if (starts_[i] + members[i].size <= floor) continue;  // placed, and below all others
        sum += members[i].size;
        const Bytes start = starts_[i], excess = start + sum - limit(side) - 1;
        if (excess >= 0) {
            for (Index j = 0; j < count; ++j)
                if (starts_[j] >= start) need(side, members[j].owner, start - excess - shift(side, members[j]));
            analyze();
            return false;
        }
    }
    return raise_above_others(side, s, floor, sum);
}

// A member of s that cannot be below all of those with the highest tops is above one of them. `sum` is the size of all
// members that end above `floor`.
bool ConstraintSolver::raise_above_others(int side, Index s, Bytes floor, Bytes sum) {
    const auto members = model_.section(s);
    const auto count = static_cast<Index>(members.size());
    const std::span<Index> by_top = std::span(by_top_[side]).subspan(model_.section_start[s], count);
    work_ += insertion_sort(by_top, [&](Index i) { return starts_[i] + members[i].size; });
    sums_.resize(starts_.size());
    Bytes above = 0;
    Index length = 0;
    for (; length < count; ++length) {
        const Index i = by_top[length];
        if (starts_[i] + members[i].size <= floor) break;
        sums_[length] = above += members[i].size;
    }
    const auto sums = sums_.begin();
    for (Index own = 0; own < length; ++own) {
        const Index i = by_top[own];
        const Stretch& member = members[i];
        if (decided(member.owner)) continue;
        const Bytes slack = limit(side) - starts_[i] - member.size;
        if (slack >= sum - member.size) continue;
        auto end = std::upper_bound(sums, sums + length, slack) - sums;
        if (end >= own) end = std::upper_bound(sums + own + 1, sums + length, slack + member.size) - sums;
        if (end >= length) continue;
        const Bytes value = starts_[by_top[end]] + members[by_top[end]].size - shift(side, member);
        if (value > at_[side][member.owner] &&
            !raise(side, member.owner, lift(side, member.owner, value), Why::kSection, s, i))
            return false;
    }
    return true;
}

// Whether sizes alone show that b at its low can rest on `other`.
bool ConstraintSolver::plain_rest(Index b, Index other) const {
    if (has_tables_[b]) return false;
    const Bytes size = model_.size[other], low = at_[0][b];
    return model_.lift(b, at_[0][other] + size) <= low && model_.lift(b, size - at_[1][other]) >= low;
}

bool ConstraintSolver::propagate_rest(Index b) {
    const Bytes low = at_[0][b];
    if (low == root_[0][b]) return true;
    if (support_[b] >= 0 && plain_rest(b, support_[b])) return true;
    Bytes least = kAlways;
    Index support = -1;
    for (const auto& [from, to] : model_.forbidden[b]) {
        const Bytes ground = model_.lift(b, to);
        if (ground == low) {
            rests_on(b, -1);
            return true;
        }
        if (ground > low) least = std::min(least, ground);
    }
    const Index from = model_.neighbour_start[b], to = model_.neighbour_start[b + 1];
    work_ += to - from;
    for (Index edge = from; edge < to; ++edge) {
        const auto [other, table] = model_.neighbours[edge];
        const auto look = [&](Bytes rise) {
            if (rise >= kAlways / 2 || model_.lift(b, rise - at_[1][other]) < low) return false;
            const Bytes start = std::max(low, model_.lift(b, at_[0][other] + rise));
            if (start < least) {
                least = start;
                support = other;
            }
            return least == low;
        };
        if (table < 0 && look(model_.size[other])) break;
        if (table >= 0 && std::ranges::any_of(model_.tables[table], look, &Range::second)) break;
    }
    rests_on(b, support);
    if (least == low) return true;
    return raise(0, b, std::min(least, -root_[1][b] + 1), Why::kRest, 0);
}

}  // namespace tmpass::packing
