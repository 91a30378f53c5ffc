#include "packing/parts.hpp"

#include <algorithm>
#include <numeric>

#include "packing/forbidden_differences.hpp"
#include "packing/units.hpp"

namespace tmpass::packing {
namespace {

constexpr std::size_t kPairsBetweenChecks = 1 << 22;

// The fixed buffers with bytes that share a step with the span of `part`.
std::vector<Index> fixed_beside(const Problem& problem, const Part& part) {
    const Step begin = std::ranges::min(part.lower), end = std::ranges::max(part.upper);
    std::vector<Index> fixed;
    for (Index b = 0; b < problem.count(); ++b)
        if (!problem.movable(b) && problem.size[b] > 0 && problem.upper[b] > begin && problem.lower[b] < end)
            fixed.push_back(b);
    return fixed;
}

// Where buffers of a packing pushed down may rest besides the ground and each other, in bytes.
std::vector<Bytes> tops_to_rest_on(const Problem& problem, const Part& part, const std::vector<Index>& fixed) {
    std::vector<Bytes> tops;
    for (const Index b : fixed) tops.push_back(problem.fixed[b] + problem.size[b]);
    if (!part.outlines.empty() || have_outlines(problem, fixed))
        for (const Index other : fixed)
            for (const Index b : part.origin)
                for_each_forbidden_difference(problem, other, b, [&](Bytes, Bytes to) {
                    const Bytes top = problem.fixed[other] + to;
                    if (to != problem.size[other] && top > 0) tops.push_back(top);
                });
    for (const Index b : part.origin)
        for (const auto& [_, to] : problem.forbidden.of(b))
            if (to <= kMaxBytes) tops.push_back(to);
    return tops;
}

// What divides every alignment, in bytes.
Bytes grain_of(const Part& part) {
    Bytes grain = 0;
    for (const Bytes alignment : part.alignment) grain = std::gcd(grain, alignment);
    return grain;
}

// The greatest unit of which all offsets of packings pushed down are multiples: they are sums of sizes, or of
// differences at which two outlines touch, above the ground or one of `tops`, and rounded up where that does not give
// an alignment already. Sizes and outlines are still in bytes.
Bytes find_unit(const Part& part, const std::vector<Bytes>& tops) {
    const Bytes grain = grain_of(part);
    Bytes unit = 0;
    for (const Bytes size : part.size) unit = std::gcd(unit, align_up(size, grain));
    for (const Bytes top : tops) unit = std::gcd(unit, align_up(top, grain));
    unit = divide_differences(part.outlines, grain, unit);
    return divide_alignments(unit, part.alignment);
}

// Fills in `forbidden`: the problem's own ranges, and what the fixed buffers forbid, in units.
void find_forbidden_offsets(Part& part, const Problem& problem, Bytes capacity, const std::vector<Index>& fixed) {
    const Bytes unit = part.unit;
    std::size_t rows = 0;
    for (const Index b : part.origin) {
        auto& forbidden = part.forbidden.emplace_back();
        for (const Index other : fixed) {
            for_each_forbidden_difference(problem, other, b, [&](Bytes from, Bytes to) {
                const Range range(ceil_div(problem.fixed[other] + from, unit),
                                  ceil_div(problem.fixed[other] + to, unit));
                if (range.second > 0) forbidden.push_back(range);
            });
        }
        for (const auto& [from, to] : problem.forbidden.of(b))
            if (from <= capacity)  // the end stays within the numbers of the search, and above all that is allowed
                forbidden.emplace_back((from + unit - 1) / unit, std::min((to + unit - 1) / unit, part.capacity + 1));
        rows += forbidden.size();
        if (rows > kMaxEntries) throw std::length_error("too many buffers overlap fixed ones for an exact search");
        std::ranges::sort(forbidden);
    }
}

// Each buffer is in one run of sections.
void find_solid_sections(Part& part) {
    part.run_start.assign(1, 0);
    part.sections = make_sections(part.lower, part.upper, kMaxEntries);
    for (Index b = 0; b < part.count(); ++b) {
        part.runs.emplace_back(part.sections.first[b], part.sections.last[b]);
        part.run_start.push_back(b + 1);
    }
}

// Sections of the steps in which buffers need bytes. With `stretches`, also the bytes that they need in each.
void find_gapped_sections(Part& part, const Problem& problem, bool stretches) {
    part.run_start.assign(1, 0);
    std::vector<Step> lower, upper;
    std::vector<Range> bytes;
    std::vector<Index> owner, first_rectangle(1, 0);
    for (Index b = 0; b < part.count(); ++b) {
        for_each_rectangle(problem, part.origin[b], [&](const LiveRectangle& rectangle) {
            lower.push_back(rectangle.lower);
            upper.push_back(rectangle.upper);
            bytes.emplace_back(rectangle.low, rectangle.high);
            owner.push_back(b);
        });
        first_rectangle.push_back(static_cast<Index>(owner.size()));
    }
    Sections sections = make_sections(lower, upper, kMaxEntries);
    for (Index& member : sections.members) member = owner[member];
    std::vector<Index> first(part.count(), 0), last(part.count(), 0);
    for (Index b = 0; b < part.count(); ++b) {
        for (Index p = first_rectangle[b]; p < first_rectangle[b + 1]; ++p) {
            const std::pair run(sections.first[p], sections.last[p]);
            if (p > first_rectangle[b] && part.runs.back().second == run.first)
                part.runs.back().second = run.second;
            else
                part.runs.push_back(run);
            if (p == first_rectangle[b]) first[b] = run.first;
            last[b] = run.second;
        }
        part.run_start.push_back(static_cast<Index>(part.runs.size()));
        if (!stretches) continue;
        auto& [differences, start, all, of_members, uneven] = part.outlines;
        start.push_back(static_cast<Index>(all.size()));
        for (Index p = first_rectangle[b]; p < first_rectangle[b + 1]; ++p) {
            all.resize(start[b] + sections.first[p] - first[b], Range(0, 0));
            all.resize(start[b] + sections.last[p] - first[b], bytes[p]);
            if (all.size() > kMaxEntries) throw std::length_error("too many sections for an exact search");
        }
    }
    sections.first = std::move(first);
    sections.last = std::move(last);
    part.sections = std::move(sections);
}

// A buffer's neighbours are alive in the first section of one of its runs, or begin a run later in it.
void find_neighbours(Part& part, const Interrupted& interrupted) {
    const Sections& sections = part.sections;
    std::vector<std::vector<Index>> arrivals(sections.count());
    for (Index b = 0; b < part.count(); ++b)
        for (const auto& [from, to] : part.runs_of(b)) arrivals[from].push_back(b);
    part.neighbour_start.assign(1, 0);
    std::vector<Index> met(part.count(), -1);  // the last buffer that listed this one
    std::size_t checked = 0;
    for (Index b = 0; b < part.count(); ++b) {
        met[b] = b;
        const auto meet = [&](Index other) {
            if (std::exchange(met[other], b) != b) part.neighbours.push_back(other);
        };
        for (const auto& [from, to] : part.runs_of(b)) {
            for (const Index other : sections.of(from)) meet(other);
            for (Index s = from + 1; s < to; ++s)
                for (const Index other : arrivals[s]) meet(other);
        }
        if (part.neighbours.size() > kMaxEntries)
            throw std::length_error("too many buffers overlap for an exact search");
        if (part.neighbours.size() - checked > kPairsBetweenChecks) {
            checked = part.neighbours.size();
            if (interrupted()) throw Cancelled();
        }
        part.neighbour_start.push_back(static_cast<Index>(part.neighbours.size()));
    }
}

}  // namespace

bool place_others(const Problem& problem, Bytes capacity, std::vector<Bytes>& offsets) {
    for (Index b = 0; b < problem.count(); ++b) {
        if (!problem.movable(b)) {
            if (problem.size[b] > 0 && problem.fixed[b] + problem.size[b] > capacity) return false;
            continue;
        }
        offsets[b] = 0;
        if (problem.size[b] > 0) continue;
        for (const auto& [from, to] : problem.forbidden.of(b)) {
            if (from > offsets[b]) break;
            if (to > kMaxBytes) return false;
            if (to > offsets[b]) offsets[b] = align_up(to, problem.alignment[b]);
        }
    }
    return true;
}

std::vector<std::vector<Index>> independent_parts(const Problem& problem) {
    std::vector<Index> movable;
    for (Index b = 0; b < problem.count(); ++b)
        if (problem.movable(b) && problem.size[b] > 0) movable.push_back(b);
    return independent_parts(problem, std::move(movable));
}

std::vector<std::vector<Index>> independent_parts(const Problem& problem, std::vector<Index> order) {
    std::ranges::sort(order, {}, [&](Index b) { return std::pair(problem.lower[b], b); });
    std::vector<std::vector<Index>> parts;
    Step end = -1;
    for (const Index b : order) {
        if (problem.lower[b] >= end) parts.emplace_back();
        parts.back().push_back(b);
        end = std::max(end, problem.upper[b]);
    }
    return parts;
}

Part make_part(const Problem& problem, Bytes capacity, std::vector<Index> buffers, const Interrupted& interrupted,
               Bytes grid) {
    Part part;
    part.origin = std::move(buffers);
    for (const Index b : part.origin) {
        part.lower.push_back(problem.lower[b]);
        part.upper.push_back(problem.upper[b]);
        part.size.push_back(problem.size[b]);
        part.alignment.push_back(problem.alignment[b]);
    }
    if (have_outlines(problem, part.origin)) {
        find_gapped_sections(part, problem, true);
        find_neighbours(part, interrupted);
        find_differences(part, problem, grain_of(part), interrupted);
    } else if (std::ranges::any_of(part.origin, [&](Index b) { return !problem.gaps.of(b).empty(); })) {
        find_gapped_sections(part, problem, false);
        find_neighbours(part, interrupted);
    } else {
        find_overlaps(part, interrupted);
    }
    const std::vector<Index> fixed = fixed_beside(problem, part);
    part.unit = find_unit(part, tops_to_rest_on(problem, part, fixed));
    if (part.unit % grid != 0) part.unit = grid;
    part.capacity = (capacity + part.unit - 1) / part.unit;
    scale(part.outlines, part.unit);
    find_forbidden_offsets(part, problem, capacity, fixed);
    for (Index b = 0; b < part.count(); ++b) {
        const Bytes bytes = part.size[b], unit = part.unit;
        part.size[b] = (bytes + unit - 1) / unit;
        part.last.push_back(floor_div(capacity - bytes, unit));
        part.alignment[b] = std::max<Bytes>(part.alignment[b] / std::gcd(part.alignment[b], unit), 1);
    }
    return part;
}

Bytes reach_of(const Part& part) {
    Bytes reach = part.capacity;
    for (Index b = 0; b < part.count(); ++b)
        for (const Bytes more : {part.size[b], part.alignment[b]}) reach = std::min(reach, kMaxBytes - more) + more;
    return reach;
}

void find_overlaps(Part& part, const Interrupted& interrupted) {
    find_solid_sections(part);
    find_neighbours(part, interrupted);
}

}  // namespace tmpass::packing
