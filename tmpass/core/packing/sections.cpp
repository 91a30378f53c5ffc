#include "packing/sections.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace tmpass::packing {

Sections make_section_spans(std::span<const Step> lower, std::span<const Step> upper) {
    const auto count = static_cast<Index>(lower.size());
    std::vector<Index> by_start(count);
    std::iota(by_start.begin(), by_start.end(), 0);
    std::vector<Index> by_end(by_start);
    std::ranges::sort(by_start, {}, [&](Index b) { return std::pair(lower[b], b); });
    std::ranges::sort(by_end, {}, [&](Index b) { return std::pair(upper[b], b); });

    Sections sections;
    sections.first.assign(count, 0);
    sections.last.assign(count, 0);
    std::size_t started = 0;
    Index section = 0;
    // A section is maximal where a run of starts is followed by an end.
    for (std::size_t ended = 0; ended < by_end.size(); ++section) {
        const Step next_end = upper[by_end[ended]];
        for (; started < by_start.size() && lower[by_start[started]] < next_end; ++started)
            sections.first[by_start[started]] = section;
        const bool more = started < by_start.size();
        for (; ended < by_end.size() && (!more || upper[by_end[ended]] <= lower[by_start[started]]); ++ended)
            sections.last[by_end[ended]] = section + 1;
    }
    sections.start.assign(section + 1, 0);
    return sections;
}

Sections make_sections(std::span<const Step> lower, std::span<const Step> upper, std::size_t limit) {
    Sections sections = make_section_spans(lower, upper);
    const auto count = static_cast<Index>(lower.size());
    const Index section = sections.count();
    std::size_t total = 0;
    for (Index b = 0; b < count; ++b) {
        total += sections.last[b] - sections.first[b];
        if (total > limit) throw std::length_error("too many buffers are alive at once for an exact search");
        for (Index s = sections.first[b]; s < sections.last[b]; ++s) ++sections.start[s + 1];
    }
    for (Index s = 0; s < section; ++s) sections.start[s + 1] += sections.start[s];
    sections.members.resize(total);
    std::vector<Index> cursor(sections.start.begin(), sections.start.end() - 1);
    for (Index b = 0; b < count; ++b)
        for (Index s = sections.first[b]; s < sections.last[b]; ++s) sections.members[cursor[s]++] = b;
    return sections;
}

std::vector<Bytes> contention(const Problem& problem) {
    std::vector<Step> times(problem.lower.begin(), problem.lower.end());
    times.insert(times.end(), problem.upper.begin(), problem.upper.end());
    std::ranges::sort(times);
    times.erase(std::ranges::unique(times).begin(), times.end());
    const auto slot = [&](Step t) { return std::ranges::lower_bound(times, t) - times.begin(); };

    // peaks[k][i]: the most live bytes in slots [i, i + 2^k), a sparse table for range maxima.
    std::vector<std::vector<Bytes>> peaks(1, std::vector<Bytes>(times.size(), 0));
    for (Index b = 0; b < problem.count(); ++b) {
        peaks[0][slot(problem.lower[b])] += problem.size[b];
        peaks[0][slot(problem.upper[b])] -= problem.size[b];
    }
    for (std::size_t i = 1; i < times.size(); ++i) peaks[0][i] += peaks[0][i - 1];
    for (std::size_t width = 1; 2 * width <= times.size(); width *= 2) {
        const auto& half = peaks.back();
        std::vector<Bytes> level(half.size() - width);
        for (std::size_t i = 0; i < level.size(); ++i) level[i] = std::max(half[i], half[i + width]);
        peaks.push_back(std::move(level));
    }
    std::vector<Bytes> result(problem.count());
    for (Index b = 0; b < problem.count(); ++b) {
        const auto from = slot(problem.lower[b]), to = slot(problem.upper[b]);
        const auto level = std::bit_width(static_cast<std::uint64_t>(to - from)) - 1;
        result[b] = std::max(peaks[level][from], peaks[level][to - (std::ptrdiff_t{1} << level)]);
    }
    return result;
}

}  // namespace tmpass::packing
