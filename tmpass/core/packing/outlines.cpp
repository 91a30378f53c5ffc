#include "packing/outlines.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "packing/forbidden_differences.hpp"
#include "packing/parts.hpp"
#include "packing/units.hpp"

namespace tmpass::packing {
namespace {

constexpr std::size_t kPairsBetweenChecks = 1 << 20;

// Appends the sorted union of `ranges`.
void append_union(std::vector<Range>& ranges, std::vector<Range>& rows) {
    std::ranges::sort(ranges);
    const std::size_t begin = rows.size();
    for (const Range& range : ranges) {
        if (range.first >= range.second) continue;
        if (rows.size() > begin && range.first <= rows.back().second)
            rows.back().second = std::max(rows.back().second, range.second);
        else
            rows.push_back(range);
    }
}

}  // namespace

bool have_outlines(const Problem& problem, std::span<const Index> buffers) {
    if (problem.gaps.empty() && problem.apart.empty()) return false;
    return std::ranges::any_of(buffers, [&](Index b) {
        return !problem.apart.of(b).empty() || std::ranges::any_of(problem.gaps.of(b), [](const Gap& gap) {
            return gap.window_lower < gap.window_upper;
        });
    });
}

void find_differences(Part& part, const Problem& problem, Bytes grain, const Interrupted& interrupted) {
    Outlines& outlines = part.outlines;
    auto& [start, rows] = outlines.differences;
    start.assign(1, 0);
    std::vector<Range> ranges;
    std::size_t looked = 0;
    for (Index b = 0; b < part.count(); ++b) {
        const Index own = part.origin[b];
        outlines.uneven.push_back(have_outlines(problem, std::span(&own, 1)));
        for (const Index other : part.neighbours_of(b)) {
            ranges.clear();
            cover_forbidden_differences(problem, own, part.origin[other], [&](Bytes from, Bytes to) {
                ranges.emplace_back(ceil_div(from, grain) * grain, ceil_div(to, grain) * grain);
            });
            looked += 1 + ranges.size();
            append_union(ranges, rows);
            if (rows.size() > kMaxEntries) throw std::length_error("too many buffers overlap for an exact search");
            start.push_back(static_cast<Index>(rows.size()));
        }
        if (looked > kPairsBetweenChecks) {
            looked = 0;
            if (interrupted()) throw Cancelled();
        }
    }
    const auto& sections = part.sections;
    for (Index s = 0; s < sections.count(); ++s)
        for (const Index b : sections.of(s))
            outlines.of_members.push_back(outlines.stretches[outlines.start[b] + s - sections.first[b]]);
}

Bytes divide_differences(const Outlines& outlines, Bytes grain, Bytes unit) {
    for (const auto& [from, to] : outlines.differences.rows) unit = std::gcd(unit, std::gcd(to, from - grain));
    return unit;
}

void scale(Outlines& outlines, Bytes unit) {
    for (auto* ranges : {&outlines.differences.rows, &outlines.stretches, &outlines.of_members})
        for (auto& [from, to] : *ranges) {
            from = ceil_div(from, unit);
            to = ceil_div(to, unit);
        }
}

}  // namespace tmpass::packing
