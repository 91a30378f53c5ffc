#include "packing/constraint_model.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "packing/forbidden_differences.hpp"
#include "packing/sections.hpp"
#include "packing/units.hpp"

namespace tmpass::packing {
namespace {

constexpr std::size_t kPairsBetweenChecks = 1 << 20;

Bytes align_down(Bytes value, Bytes alignment) {
    const Bytes rest = value % alignment;
    return value - (rest < 0 ? rest + alignment : rest);
}

// align_up for negative values too.
Bytes round_up(Bytes value, Bytes grain) { return -align_down(-value, grain); }

// Sorts the ranges, and merges those that overlap or touch.
void merge(std::vector<Range>& ranges) {
    std::ranges::sort(ranges);
    std::size_t kept = 0;
    for (const Range& next : ranges) {
        if (next.first >= next.second) continue;
        if (kept > 0 && next.first <= ranges[kept - 1].second)
            ranges[kept - 1].second = std::max(ranges[kept - 1].second, next.second);
        else
            ranges[kept++] = next;
    }
    ranges.resize(kept);
}

class Builder {
  public:
    Builder(const Problem& problem, Bytes capacity, ConstraintModel& model, const Interrupted& interrupted)
        : problem_(problem), capacity_(capacity), model_(model), interrupted_(interrupted) {}

    void build() {
        for (const Index b : model_.origin) {
            model_.lower.push_back(problem_.lower[b]);
            model_.upper.push_back(problem_.upper[b]);
            model_.alignment.push_back(problem_.alignment[b]);
            grain_ = std::gcd(grain_, problem_.alignment[b]);
        }
        for (const Index b : model_.origin) model_.size.push_back(align_up(problem_.size[b], grain_));
        find_fixed();
        find_forbidden();
        find_pairs();
        find_unit();
        break_symmetry();
        link_pairs();
        make_stretches();
        for (Index b = 0; b < model_.count(); ++b) {
            model_.first.push_back(model_.lift(b, 0));
            model_.last.push_back(model_.drop(b, capacity_ - problem_.size[model_.origin[b]]));
        }
    }

  private:
    struct Pair {
        Index a, b, table;
    };

    void find_fixed() {
        const Step begin = std::ranges::min(model_.lower), end = std::ranges::max(model_.upper);
        for (Index b = 0; b < problem_.count(); ++b)
            if (!problem_.movable(b) && problem_.size[b] > 0 && problem_.lower[b] < end && begin < problem_.upper[b])
                fixed_.push_back(b);
    }

    void find_forbidden() {
        model_.forbidden.resize(model_.count());
        for (Index b = 0; b < model_.count(); ++b) {
            auto& forbidden = model_.forbidden[b];
            const auto add = [&](Bytes from, Bytes to) {
                if (to > 0 && from <= capacity_) forbidden.emplace_back(from, std::min(to, capacity_ + 1));
            };
            for (const auto& [from, to] : problem_.forbidden.of(model_.origin[b])) add(from, to);
            for (const Index other : fixed_)
                for_each_forbidden_difference(problem_, other, model_.origin[b], [&](Bytes from, Bytes to) {
                    add(problem_.fixed[other] + from, problem_.fixed[other] + to);
                });
            merge(forbidden);
        }
    }

    void find_pairs() {
        std::vector<Index> order(model_.count()), alive;
        std::iota(order.begin(), order.end(), 0);
        std::ranges::sort(order, {}, [&](Index b) { return std::pair(model_.lower[b], b); });
        const bool solid = problem_.gaps.empty() && problem_.apart.empty();
        std::vector<Range> forbidden;
        std::size_t looked = 0, asked = 0;
        for (const Index b : order) {
            std::erase_if(alive, [&](Index a) { return model_.upper[a] <= model_.lower[b]; });
            for (const Index a : alive) {
                looked += 1 + problem_.gaps.of(model_.origin[a]).size() + problem_.gaps.of(model_.origin[b]).size();
                if (looked - asked >= kPairsBetweenChecks) {
                    asked = looked;
                    if (interrupted_()) throw Cancelled();
                }
                forbidden.clear();
                if (!solid)
                    for_each_forbidden_difference(
                        problem_, model_.origin[a], model_.origin[b], [&](Bytes from, Bytes to) {
                            forbidden.emplace_back(round_up(from, grain_), round_up(to, grain_));
                        });
                merge(forbidden);
                if (!solid && forbidden.empty()) continue;
                const Range whole(grain_ - model_.size[b], model_.size[a]);
                Index table = -1;
                if (!solid && (forbidden.size() > 1 || forbidden.front() != whole)) {
                    table = static_cast<Index>(model_.tables.size());
                    model_.tables.push_back(forbidden);
                }
                pairs_.push_back({a, b, table});
                if (2 * pairs_.size() > ConstraintModel::kMaxNeighbours)
                    throw std::length_error("too many buffers overlap for an exact search");
            }
            alive.push_back(b);
        }
    }

    // Finds what divides every offset of a packing pushed down: each buffer rests on the ground, on a fixed buffer, on
    // the end of a forbidden range, or on a neighbour, and is rounded up where that does not give its alignment
    // already.
    void find_unit() {
        for (const Bytes size : model_.size) unit_ = std::gcd(unit_, size);
        for (const auto& forbidden : model_.forbidden)
            for (const Range& range : forbidden)
                if (range.second <= capacity_) unit_ = std::gcd(unit_, round_up(range.second, grain_));
        for (const auto& table : model_.tables)
            for (const auto& [from, to] : table) unit_ = std::gcd(unit_, std::gcd(to, from - grain_));
        unit_ = divide_alignments(unit_, model_.alignment);
        for (Bytes& alignment : model_.alignment) alignment = std::max(alignment, unit_);
        for (auto& table : model_.tables)
            for (Range& range : table) range = {round_up(range.first, unit_), round_up(range.second, unit_)};
    }

    void break_symmetry() {
        using Signature = std::tuple<Step, Step, Bytes, Bytes, std::vector<Range>, std::vector<std::vector<Bytes>>>;
        std::map<Signature, Index> classes;
        std::vector<Index> class_of(model_.count());
        std::vector<bool> many;
        for (Index b = 0; b < model_.count(); ++b) {
            const Index own = model_.origin[b];
            std::vector<std::vector<Bytes>> rest;
            for (const Gap& gap : problem_.gaps.of(own))
                rest.push_back({gap.lower, gap.upper, gap.window_lower, gap.window_upper});
            if (!problem_.apart.of(own).empty()) rest.push_back({own});  // equal to no other
            const auto [at, fresh] = classes.try_emplace({model_.lower[b], model_.upper[b], problem_.size[own],
                                                          model_.alignment[b], model_.forbidden[b], std::move(rest)},
                                                         static_cast<Index>(classes.size()));
            class_of[b] = at->second;
            if (fresh)
                many.push_back(false);
            else
                many[at->second] = true;
        }
        for (Pair& pair : pairs_) {
            if (class_of[pair.a] != class_of[pair.b] || !many[class_of[pair.a]]) continue;
            if (pair.table < 0) {
                pair.table = static_cast<Index>(model_.tables.size());
                model_.tables.push_back({Range(unit_ - model_.size[pair.b], model_.size[pair.a])});
            }
            auto& table = model_.tables[pair.table];
            table.push_back(pair.a < pair.b ? Range(-kAlways, 0) : Range(unit_, kAlways));
            merge(table);
        }
    }

    void link_pairs() {
        const Index count = model_.count();
        model_.neighbour_start.assign(count + 1, 0);
        for (const Pair& pair : pairs_) {
            ++model_.neighbour_start[pair.a + 1];
            ++model_.neighbour_start[pair.b + 1];
        }
        for (Index b = 0; b < count; ++b) model_.neighbour_start[b + 1] += model_.neighbour_start[b];
        model_.neighbours.resize(2 * pairs_.size());
        std::vector<Index> cursor(model_.neighbour_start);
        for (const auto& [a, b, table] : pairs_) {
            Index mirrored = -1;
            if (table >= 0) {
                std::vector<Range> other;
                for (const auto& [from, to] : model_.tables[table]) other.emplace_back(1 - to, 1 - from);
                for (Range& range : other) range = {round_up(range.first, unit_), round_up(range.second, unit_)};
                merge(other);
                mirrored = static_cast<Index>(model_.tables.size());
                model_.tables.push_back(std::move(other));
            }
            model_.neighbours[cursor[b]++] = {a, table};
            model_.neighbours[cursor[a]++] = {b, mirrored};
        }
    }

    // Sections of rectangles: a buffer with gaps counts in each with the bytes that it needs there.
    void make_stretches() {
        const bool rounded = problem_.gaps.empty() && fixed_.empty();
        model_.capacity = rounded ? round_up(capacity_, unit_) : capacity_;
        std::vector<Stretch> pieces;
        std::vector<Step> lower, upper;
        const auto add = [&](Index b, Index owner, Bytes base) {
            for_each_rectangle(problem_, b, [&](const LiveRectangle& piece) {
                if (piece.low == piece.high) return;
                const Bytes size = piece.high - piece.low;
                pieces.push_back({owner, base + piece.low, rounded ? round_up(size, unit_) : size});
                lower.push_back(piece.lower);
                upper.push_back(piece.upper);
            });
        };
        for (Index b = 0; b < model_.count(); ++b) add(model_.origin[b], b, 0);
        for (const Index b : fixed_) add(b, model_.count(), problem_.fixed[b]);
        const Sections sections = make_sections(lower, upper, ConstraintModel::kMaxNeighbours);
        model_.section_start = sections.start;
        std::vector<std::vector<Index>> in(model_.count());
        for (Index s = 0; s < sections.count(); ++s) {
            for (const Index piece : sections.of(s)) {
                model_.stretches.push_back(pieces[piece]);
                if (pieces[piece].owner < model_.count()) in[pieces[piece].owner].push_back(s);
            }
        }
        model_.in_start.assign(1, 0);
        for (const auto& own : in) {
            model_.in_sections.insert(model_.in_sections.end(), own.begin(), own.end());
            model_.in_start.push_back(static_cast<Index>(model_.in_sections.size()));
        }
    }

    const Problem& problem_;
    const Bytes capacity_;
    ConstraintModel& model_;
    const Interrupted& interrupted_;
    Bytes grain_ = 0, unit_ = 0;  // what divides every alignment; what divides every offset
    std::vector<Index> fixed_;
    std::vector<Pair> pairs_;  // its table: forbidden offset(b) - offset(a)
};

}  // namespace

Bytes ConstraintModel::lift(Index b, Bytes base) const {
    Bytes offset = base <= 0 ? 0 : align_up(base, alignment[b]);
    for (const auto& [from, to] : forbidden[b]) {
        if (from > offset) break;
        if (to > offset) offset = align_up(to, alignment[b]);
    }
    return offset;
}

Bytes ConstraintModel::drop(Index b, Bytes top) const {
    Bytes offset = align_down(top, alignment[b]);
    for (auto range = forbidden[b].rbegin(); range != forbidden[b].rend(); ++range) {
        if (range->second <= offset) break;
        if (range->first <= offset) offset = align_down(range->first - 1, alignment[b]);
    }
    return offset;
}

ConstraintModel make_model(const Problem& problem, Bytes capacity, std::vector<Index> buffers,
                           const Interrupted& interrupted) {
    ConstraintModel model;
    model.origin = std::move(buffers);
    Builder(problem, capacity, model, interrupted).build();
    return model;
}

}  // namespace tmpass::packing
