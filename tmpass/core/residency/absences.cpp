#include "residency/absences.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace tmpass::residency {
namespace {

constexpr std::size_t kMaxSums = 1024;  // of a row's absences; above, only their common divisor is used

void require(bool holds, const char* law) {
    if (!holds) throw std::invalid_argument(law);
}

// One row of the array `absences`.
struct Absence {
    std::int64_t first, last;
    Bytes bytes;
    std::int64_t fetch;
    std::int64_t version;

    bool follows() const { return version >= 0 && first == last; }
};

struct Row {
    Bytes demand;
    std::vector<Index> absences;  // rising
    bool step;                    // a step with too many bytes; otherwise a forbidden combination
};

std::vector<Absence> read_absences(const AbsenceArrays& arrays) {
    const std::vector<std::int64_t>& from = arrays.absences;
    require(from.size() % 5 == 0 && from.size() / 5 < std::size_t{1} << 28, "an absence is five numbers");
    const auto steps = static_cast<std::int64_t>(arrays.excess.size());
    const auto rows = static_cast<std::int64_t>(steps + arrays.forbidden_starts.size());
    std::int64_t costs = 0;
    Bytes bytes = 0;
    const auto add = [](std::int64_t& sum, std::int64_t more, std::int64_t most) {
        require(more >= 0 && more <= most - sum, "a number is negative, or the numbers are too large together");
        sum += more;
    };
    for (const Bytes excess : arrays.excess) require(excess <= kMaxAbsenceCosts / rows, "an excess is too large");
    for (const std::int64_t spill : arrays.spills) add(costs, spill, kMaxAbsenceCosts);
    std::vector<Absence> made;
    std::vector<bool> has_copy(arrays.spills.size());
    for (std::size_t at = 0; at < from.size(); at += 5) {
        const Absence one{from[at], from[at + 1], from[at + 2], from[at + 3], from[at + 4]};
        require(0 <= one.first && one.first <= one.last && one.last <= steps, "an absence is not within the steps");
        require(made.empty() || made.back().first <= one.first, "absences must come by rising first step");
        require(-1 <= one.version && one.version < static_cast<std::int64_t>(arrays.spills.size()),
                "an absence is of no version");
        require(!one.follows() || has_copy[one.version], "an absence without steps has none before it");
        if (one.version >= 0) has_copy[one.version] = true;
        add(costs, one.fetch, kMaxAbsenceCosts);
        add(bytes, one.bytes, kMaxAbsenceCosts / rows);
        made.push_back(one);
    }
    return made;
}

// Appends the row of a step, unless the last row demands as much of no more absences; removes the last row where it is
// the weaker one.
void add_step(std::vector<Row>& rows, Row&& row) {
    while (!rows.empty()) {
        const Row& last = rows.back();
        if (last.demand >= row.demand && std::ranges::includes(row.absences, last.absences)) return;
        if (last.demand > row.demand || !std::ranges::includes(last.absences, row.absences)) break;
        rows.pop_back();
    }
    rows.push_back(std::move(row));
}

std::vector<Row> find_rows(const AbsenceArrays& arrays, const std::vector<Absence>& absences) {
    std::vector<Row> rows;
    std::vector<Index> across;
    std::size_t next = 0;
    for (std::size_t step = 0; step < arrays.excess.size(); ++step) {
        const auto now = static_cast<std::int64_t>(step);
        for (; next < absences.size() && absences[next].first <= now; ++next)
            across.push_back(static_cast<Index>(next));
        std::erase_if(across, [&](Index i) { return absences[i].last <= now; });
        if (arrays.excess[step] > 0) add_step(rows, {arrays.excess[step], across, true});
    }
    const std::vector<std::int64_t>& starts = arrays.forbidden_starts;
    const auto end = static_cast<std::int64_t>(arrays.forbidden.size());
    require(!starts.empty() && starts.front() == 0 && starts.back() == end, "forbidden combinations have no bounds");
    for (std::size_t c = 0; c + 1 < starts.size(); ++c) {
        require(starts[c] <= starts[c + 1] && starts[c + 1] <= end, "starts of combinations must rise");
        Row row{1, {}, false};
        for (std::int64_t at = starts[c]; at < starts[c + 1]; ++at) {
            const std::int64_t i = arrays.forbidden[at];
            require(0 <= i && i < static_cast<std::int64_t>(absences.size()), "a combination names no absence");
            require(at == starts[c] || arrays.forbidden[at - 1] < i, "the absences of a combination must rise");
            row.absences.push_back(static_cast<Index>(i));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

// The least sum of some of `bytes` that is at least `demand`, or a lower bound on it where there are many sums.
Bytes next_sum(const std::vector<Bytes>& bytes, Bytes demand) {
    std::vector<Bytes> below{0}, merged;
    Bytes best = std::accumulate(bytes.begin(), bytes.end(), Bytes{0}), divisor = 0;
    for (const Bytes own : bytes) divisor = std::gcd(divisor, own);
    for (const Bytes own : bytes) {
        std::vector<Bytes> more;
        for (const Bytes sum : below) {
            if (sum + own < demand) {
                more.push_back(sum + own);
            } else {
                best = std::min(best, sum + own);
                break;  // sums rise
            }
        }
        merged.clear();
        std::ranges::set_union(below, more, std::back_inserter(merged));
        below.swap(merged);
        if (below.size() > kMaxSums) return align_up(demand, divisor);
    }
    return best;
}

// The covers of a row, as strong as they get, and its demand. Returns the bytes of a unit of them; 0 where all absences
// together are not enough.
Bytes strengthen(const Row& row, const std::vector<Absence>& absences, std::vector<Bytes>& covers, Bytes& demand) {
    Bytes total = 0, total_bytes = 1;
    covers.clear();
    for (const Index i : row.absences) {
        covers.push_back(row.step ? absences[i].bytes : 1);
        total_bytes += absences[i].bytes;
    }
    for (const Bytes bytes : covers) total += bytes;
    if (total < row.demand) return 0;
    demand = next_sum(covers, row.demand);
    Bytes divisor = demand;
    for (Bytes& bytes : covers) {
        bytes = std::min(bytes, demand);
        divisor = std::gcd(divisor, bytes);
    }
    for (Bytes& bytes : covers) bytes /= divisor;
    demand /= divisor;
    return row.step ? divisor : total_bytes / static_cast<Bytes>(covers.size());
}

// Those that cover something, and those before an absence that does and needs an earlier one of its version.
std::vector<bool> find_useful(const std::vector<Absence>& absences, const std::vector<std::vector<Cover>>& covers,
                              std::size_t versions) {
    std::vector<bool> useful(absences.size()), needed(versions);
    for (std::size_t i = absences.size(); i-- > 0;) {
        const Absence& one = absences[i];
        useful[i] = !covers[i].empty() || (one.version >= 0 && needed[one.version] && !one.follows());
        if (useful[i] && one.follows()) needed[one.version] = true;
    }
    return useful;
}

// An absence that is the only one of its version pays the spill alone.
void merge_single_spills(AbsenceProblem& made, const AbsenceArrays& arrays) {
    std::vector<Index> absences(arrays.spills.size(), 0), renamed(arrays.spills.size(), -1);
    for (const Index version : made.version)
        if (version >= 0) ++absences[version];
    for (Index i = 0; i < made.count(); ++i) {
        const Index version = made.version[i];
        if (version < 0) continue;
        if (absences[version] == 1) {
            made.fetch[i] += arrays.spills[version];
            made.version[i] = -1;
            continue;
        }
        if (renamed[version] < 0) {
            renamed[version] = static_cast<Index>(made.spill.size());
            made.spill.push_back(arrays.spills[version]);
        }
        made.version[i] = renamed[version];
    }
}

}  // namespace

AbsenceProblem absence_problem(const AbsenceArrays& arrays) {
    const std::vector<Absence> absences = read_absences(arrays);
    AbsenceProblem made;
    std::vector<std::vector<Cover>> covers(absences.size());
    std::vector<Bytes> own;
    for (const Row& row : find_rows(arrays, absences)) {
        Bytes demand = 0;
        const Bytes unit = strengthen(row, absences, own, demand);
        if (unit == 0) {
            made.feasible = false;
            return made;
        }
        for (std::size_t at = 0; at < own.size(); ++at)
            if (own[at] > 0) covers[row.absences[at]].push_back({made.rows(), own[at]});
        made.demand.push_back(demand);
        made.unit.push_back(unit);
    }
    made.covers.start.push_back(0);
    const std::vector<bool> useful = find_useful(absences, covers, arrays.spills.size());
    for (std::size_t i = 0; i < absences.size(); ++i) {
        if (!useful[i]) continue;
        made.covers.rows.insert(made.covers.rows.end(), covers[i].begin(), covers[i].end());
        made.covers.start.push_back(static_cast<Index>(made.covers.rows.size()));
        made.fetch.push_back(absences[i].fetch);
        made.version.push_back(static_cast<Index>(absences[i].version));
        made.follows.push_back(absences[i].follows());
        made.number.push_back(static_cast<Index>(i));
    }
    merge_single_spills(made, arrays);
    return made;
}

}  // namespace tmpass::residency
