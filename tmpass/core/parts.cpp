#include "parts.hpp"

#include <algorithm>
#include <numeric>

namespace tmpass {
namespace {

constexpr std::size_t kPairsBetweenChecks = 1 << 22;

Bytes floor_div(Bytes value, Bytes by) { return value / by - (value % by < 0 ? 1 : 0); }

// The greatest unit of which the offsets of pushed-down packings are multiples: they are sums of sizes, above the
// ground or a fixed buffer, and rounded up where that does not give an alignment already.
Bytes find_unit(const Part& part, std::span<const Bytes> tops, Bytes grain) {
    Bytes unit = 0;
    for (const Bytes size : part.size) unit = std::gcd(unit, align_up(size, grain));
    for (const Bytes top : tops) unit = std::gcd(unit, align_up(top, grain));
    for (bool changed = true; changed;) {
        changed = false;
        for (const Bytes alignment : part.alignment) {
            if (unit % alignment == 0 || alignment % unit == 0) continue;
            unit = std::gcd(unit, alignment);
            changed = true;
        }
    }
    return unit;
}

// Those alive in the first section of a buffer, and those that come later.
void find_neighbours(Part& part, const Interrupted& interrupted) {
    const Sections& sections = part.sections;
    std::vector<std::vector<Index>> arrivals(sections.count());
    for (Index b = 0; b < part.count(); ++b) arrivals[sections.first[b]].push_back(b);
    part.neighbour_start.assign(1, 0);
    std::size_t checked = 0;
    for (Index b = 0; b < part.count(); ++b) {
        for (const Index other : sections.of(sections.first[b]))
            if (other != b) part.neighbours.push_back(other);
        for (Index s = sections.first[b] + 1; s < sections.last[b]; ++s)
            part.neighbours.insert(part.neighbours.end(), arrivals[s].begin(), arrivals[s].end());
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
        for (const auto& [from, to] : problem.barred.of(b)) {
            if (from > offsets[b]) break;
            if (to > kMaxBytes) return false;
            if (to > offsets[b]) offsets[b] = align_up(to, problem.alignment[b]);
        }
    }
    return true;
}

std::vector<std::vector<Index>> independent_parts(const Problem& problem) {
    std::vector<Index> order;
    for (Index b = 0; b < problem.count(); ++b)
        if (problem.movable(b) && problem.size[b] > 0) order.push_back(b);
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

Part make_part(const Problem& problem, Bytes capacity, std::vector<Index> buffers, const Interrupted& interrupted) {
    Part part;
    part.origin = std::move(buffers);
    Step begin = problem.lower[part.origin.front()], end = begin;
    Bytes grain = 0;
    for (const Index b : part.origin) {
        part.lower.push_back(problem.lower[b]);
        part.upper.push_back(problem.upper[b]);
        part.size.push_back(problem.size[b]);
        part.alignment.push_back(problem.alignment[b]);
        grain = std::gcd(grain, problem.alignment[b]);
        begin = std::min(begin, problem.lower[b]);
        end = std::max(end, problem.upper[b]);
    }
    std::vector<Index> fixed;
    std::vector<Bytes> tops;
    for (Index b = 0; b < problem.count(); ++b) {
        if (problem.movable(b) || problem.size[b] == 0) continue;
        if (problem.upper[b] <= begin || problem.lower[b] >= end) continue;
        fixed.push_back(b);
        tops.push_back(problem.fixed[b] + problem.size[b]);
    }
    for (const Index b : part.origin)
        for (const auto& [_, to] : problem.barred.of(b))
            if (to <= kMaxBytes) tops.push_back(to);
    part.unit = find_unit(part, tops, grain);
    part.capacity = (capacity + part.unit - 1) / part.unit;
    const Bytes unit = part.unit;
    for (Index b = 0; b < part.count(); ++b) {
        const Bytes bytes = part.size[b];
        auto& barred = part.barred.emplace_back();
        for (const Index other : fixed) {
            if (part.lower[b] >= problem.upper[other] || problem.lower[other] >= part.upper[b]) continue;
            const Bytes top = problem.fixed[other] + problem.size[other];
            const Range range(floor_div(problem.fixed[other] - bytes, unit) + 1, (top + unit - 1) / unit);
            if (range.second > 0) barred.push_back(range);
        }
        for (const auto& [from, to] : problem.barred.of(part.origin[b]))
            if (from <= capacity)  // the end stays within the numbers of the search, and above all that is allowed
                barred.emplace_back((from + unit - 1) / unit, std::min((to + unit - 1) / unit, part.capacity + 1));
        std::ranges::sort(barred);
        part.size[b] = (bytes + unit - 1) / unit;
        part.last.push_back(floor_div(capacity - bytes, unit));
        part.alignment[b] = std::max<Bytes>(part.alignment[b] / std::gcd(part.alignment[b], unit), 1);
    }
    part.sections = make_sections(part.lower, part.upper, kMaxEntries);
    find_neighbours(part, interrupted);
    return part;
}

}  // namespace tmpass
