#include "packing/problem_check.hpp"

#include <algorithm>
#include <string>

namespace tmpass::packing {
namespace {

using Numbers = std::vector<std::int64_t>;

constexpr std::size_t kMaxRows = 1u << 30;  // an Index counts them

void require(bool good, const std::string& what) {
    if (!good) throw std::invalid_argument(what);
}

Index buffer_of(const Problem& problem, std::int64_t number) {
    require(0 <= number && number < problem.count(), "the buffer of a row is out of range");
    return static_cast<Index>(number);
}

// Reads rows of `width` numbers, the first of which is the buffer; `read` makes the row of the others.
template <typename Row, typename Read>
Rows<Row> sort_rows(const Problem& problem, const Numbers& numbers, std::size_t width, Read read) {
    require(numbers.size() % width == 0, "a table has an incomplete row");
    require(numbers.size() / width <= kMaxRows, "a table has too many rows");
    Rows<Row> table;
    if (numbers.empty()) return table;
    table.start.assign(problem.count() + 1, 0);
    for (std::size_t i = 0; i < numbers.size(); i += width) ++table.start[buffer_of(problem, numbers[i]) + 1];
    for (Index b = 0; b < problem.count(); ++b) table.start[b + 1] += table.start[b];
    table.rows.resize(numbers.size() / width);
    std::vector<Index> cursor(table.start);
    for (std::size_t i = 0; i < numbers.size(); i += width)
        table.rows[cursor[numbers[i]]++] = read(static_cast<Index>(numbers[i]), &numbers[i] + 1);
    return table;
}

void check_buffers(const Problem& problem, Bytes& total) {
    const std::size_t count = problem.size.size();
    require(count <= kMaxRows, "too many buffers");
    for (const auto* array : {&problem.lower, &problem.upper, &problem.alignment, &problem.fixed})
        require(array->size() == count, "the arrays differ in length");
    for (std::size_t i = 0; i < count; ++i) {
        const bool good = 0 <= problem.lower[i] && problem.lower[i] < problem.upper[i] &&
                          problem.upper[i] <= kMaxStep && 0 <= problem.size[i] && problem.size[i] <= kMaxBytes &&
                          1 <= problem.alignment[i] && problem.alignment[i] <= kMaxBytes && -1 <= problem.fixed[i] &&
                          problem.fixed[i] <= kMaxBytes;
        require(good, "buffer " + std::to_string(i) + " is out of range");
        for (const Bytes part : {problem.size[i], problem.alignment[i], std::max(problem.fixed[i], Bytes{0})}) {
            require(part <= kMaxBytes - total, "the buffers add up to more than 2^62 bytes");
            total += part;
        }
    }
}

}  // namespace

Problem checked(Problem problem, const Tables& tables) {
    Bytes total = 0;
    check_buffers(problem, total);
    problem.gaps = sort_rows<Gap>(problem, tables.gaps, 5, [&](Index b, const std::int64_t* at) {
        const Gap gap{at[0], at[1], at[2], at[3]};
        const bool good = problem.lower[b] <= gap.lower && gap.lower < gap.upper && gap.upper <= problem.upper[b] &&
                          0 <= gap.window_lower && gap.window_lower <= gap.window_upper &&
                          gap.window_upper <= problem.size[b];
        require(good, "a gap of buffer " + std::to_string(b) + " is out of range");
        return gap;
    });
    Bytes start = 0;  // the highest end of a forbidden range, except those that leave no offset above them
    problem.forbidden = sort_rows<Range>(problem, tables.forbidden, 3, [&](Index b, const std::int64_t* at) {
        require(0 <= at[0] && at[0] < at[1] && at[1] <= kMaxBytes + 1,
                "a forbidden range of buffer " + std::to_string(b) + " is out of range");
        if (at[1] <= kMaxBytes) start = std::max(start, at[1]);
        return Range(at[0], at[1]);
    });
    require(start <= kMaxBytes - total, "the buffers add up to more than 2^62 bytes");
    Numbers both = tables.apart;
    require(both.size() % 2 == 0, "a table has an incomplete row");
    for (std::size_t i = 0; i < tables.apart.size(); i += 2)
        both.insert(both.end(), {tables.apart[i + 1], tables.apart[i]});
    problem.apart =
        sort_rows<Index>(problem, both, 2, [&](Index, const std::int64_t* at) { return buffer_of(problem, at[0]); });
    if (!problem.apart.empty())
        for (Index b = 0; b < problem.count(); ++b)
            std::sort(problem.apart.rows.begin() + problem.apart.start[b],
                      problem.apart.rows.begin() + problem.apart.start[b + 1]);
    for (Index b = 0; b < problem.count(); ++b) {
        const auto gaps = problem.gaps.of(b);
        for (std::size_t i = 1; i < gaps.size(); ++i)
            require(gaps[i - 1].upper <= gaps[i].lower, "gaps of buffer " + std::to_string(b) + " are out of order");
        const auto forbidden = problem.forbidden.of(b);
        for (std::size_t i = 1; i < forbidden.size(); ++i)
            require(forbidden[i - 1].second <= forbidden[i].first,
                    "forbidden ranges of buffer " + std::to_string(b) + " are out of order");
    }
    return problem;
}

std::vector<Index> checked_order(const Problem& problem, std::span<const std::int64_t> order) {
    std::vector<bool> seen(problem.size.size(), false);
    std::vector<Index> buffers;
    require(order.size() == seen.size(), "order is not a permutation");
    for (const std::int64_t b : order) {
        require(0 <= b && b < problem.count() && !seen[b], "order is not a permutation");
        seen[b] = true;
        buffers.push_back(static_cast<Index>(b));
    }
    return buffers;
}

void check_capacity(Bytes capacity) { require(0 <= capacity && capacity <= kMaxBytes, "capacity is out of range"); }

void check_offsets(const Problem& problem, std::span<const Bytes> offsets) {
    require(offsets.size() == problem.size.size(), "offsets are not one for each buffer");
    for (Index b = 0; b < problem.count(); ++b) {
        const bool good = 0 <= offsets[b] && offsets[b] <= kMaxBytes - problem.size[b] &&
                          (problem.movable(b) || offsets[b] == problem.fixed[b]);
        require(good, "the offset of buffer " + std::to_string(b) + " is out of range");
    }
}

}  // namespace tmpass::packing
