#include "judges/step_bound.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <queue>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "python_field.hpp"

namespace nb = nanobind;

namespace tmpass::judges {
namespace {

// What is alive at a step: bytes as they are and rounded up, and the most that rounding adds to a buffer.
struct Load {
    std::int64_t step, live, rounded, waste;
};

constexpr std::size_t kBetweenChecks = 1 << 14;  // needs, which take about a millisecond

// Counts work, and asks now and then whether it is to stop.
class Clock {
  public:
    explicit Clock(const std::function<bool()>& stop) : stop_(stop) {}

    // False where it is to stop, from then on.
    bool goes_on() {
        if (!stopped_ && ++ticks_ % kBetweenChecks == 0) stopped_ = stop_();
        return !stopped_;
    }

    bool stopped() const { return stopped_; }

  private:
    const std::function<bool()>& stop_;
    std::size_t ticks_ = 0;
    bool stopped_ = false;
};

void require(bool good) {
    if (!good) throw std::invalid_argument("a buffer is out of range");
}

}  // namespace

Demand read_demand(nb::tuple buffers, std::int64_t alignment) {
    const Field lower("lower"), upper("upper"), size("size"), own("alignment"), offset("offset"), gaps("gaps"),
        window_lower("window_lower"), window_upper("window_upper");
    const std::size_t count = nb::len(buffers);
    if (alignment < 1 || alignment > kMaxObjectAlignment) throw std::invalid_argument("the alignment is out of range");
    Demand given;
    given.needs.reserve(count);
    given.lower.reserve(count);
    std::int64_t total = 0;
    const auto need = [&given](std::int64_t from, std::int64_t to, std::int64_t bytes, std::size_t owner) {
        if (from < to && bytes > 0) given.needs.push_back({from, to, bytes, 0, owner});
    };
    for (std::size_t b = 0; b < count; ++b) {
        const nb::handle buffer = buffers[b];
        const std::int64_t bytes = size.number_of(buffer), mine = own.number_of(buffer);
        std::int64_t time = lower.number_of(buffer);
        const std::int64_t end = upper.number_of(buffer);
        require(0 <= time && time < end && 0 <= bytes && 1 <= mine && mine <= kMaxObjectAlignment);
        const std::int64_t both = alignment == 1 ? mine : std::lcm(alignment, mine);
        require(bytes <= kMaxObjectBytes - total && both <= kMaxObjectBytes - total - bytes);
        total += bytes + both;
        given.grain = std::gcd(given.grain, both);
        given.lower.push_back(time);
        const nb::object place = offset.of(buffer);
        if (!place.is_none() && bytes > 0) {
            const std::int64_t at = Field::to_number(place);
            require(0 <= at && at <= kMaxObjectBytes - bytes);
            given.fixed.push_back({at + bytes, time});
        }
        const nb::object own_gaps = gaps.of(buffer);
        for (const nb::handle gap : own_gaps) {
            const std::int64_t from = lower.number_of(gap), to = upper.number_of(gap);
            const std::int64_t low = window_lower.number_of(gap), high = window_upper.number_of(gap);
            require(time <= from && from < to && to <= end && 0 <= low && low <= high && high <= bytes);
            need(time, from, bytes, b);
            need(from, to, high - low, b);
            // A window may begin inside a hole that rounding leaves, unless it also begins at a multiple.
            if (low < high) given.grain = std::gcd(given.grain, low);
            time = to;
        }
        need(time, end, bytes, b);
    }
    return given;
}

namespace {

// The load of each step at which one of `needs`, which are sorted, begins; of the first ones where `clock` stops.
std::vector<Load> loads_of(const std::vector<Need>& needs, Clock& clock) {
    using End = std::tuple<std::int64_t, std::int64_t, std::int64_t>;  // upper, size, waste
    std::priority_queue<End, std::vector<End>, std::greater<>> ends;
    std::priority_queue<std::pair<std::int64_t, std::int64_t>> wastes;  // (waste, upper); what has ended may stay below
    std::vector<Load> loads;
    std::int64_t live = 0, rounded = 0;
    for (std::size_t i = 0; i < needs.size() && clock.goes_on(); ++i) {
        const Need& need = needs[i];
        while (!ends.empty() && std::get<0>(ends.top()) <= need.lower) {
            const auto [_, size, waste] = ends.top();
            live -= size;
            rounded -= size + waste;
            ends.pop();
        }
        live += need.size;
        rounded += need.size + need.waste;
        ends.emplace(need.upper, need.size, need.waste);
        if (need.waste > 0) wastes.emplace(need.waste, need.upper);
        if (i + 1 < needs.size() && needs[i + 1].lower == need.lower) continue;
        while (!wastes.empty() && wastes.top().second <= need.lower) wastes.pop();
        loads.push_back({need.lower, live, rounded, wastes.empty() ? 0 : wastes.top().first});
    }
    return loads;
}

std::int64_t up(std::int64_t bytes, std::int64_t grain) { return bytes + (grain - bytes % grain) % grain; }

// The least top of `load` in the memories from `ground` on; no value where they are too small.
std::optional<std::int64_t> fill(const std::vector<Range>& memories, std::int64_t ground, std::int64_t grain,
                                 const Load& load) {
    std::int64_t left = load.rounded;
    for (const Range& memory : memories) {
        if (memory.offset < ground) continue;
        const std::int64_t start = up(memory.offset, grain), room = up(memory.end, grain) - start;
        if (left <= room) return start + left - load.waste;
        left -= std::max(room, std::int64_t{0});
    }
    return std::nullopt;
}

}  // namespace

std::optional<StepBound> step_bound(Demand given, const std::vector<Range>& memories,
                                    const std::vector<std::int64_t>& grounds, std::int64_t beyond,
                                    const std::function<bool()>& stop) {
    if (!grounds.empty()) require(grounds.size() == given.lower.size());
    for (Need& one : given.needs) one.waste = (given.grain - one.size % given.grain) % given.grain;
    std::ranges::sort(given.needs, {}, &Need::lower);
    Clock clock(stop);
    const std::vector<Load> all = loads_of(given.needs, clock);
    StepBound bound{0, 0, 0, 0};
    for (const Load& load : all)
        if (load.live > bound.live) bound.live = load.live, bound.live_step = load.step;
    bool forced = false;
    const auto force = [&](std::int64_t peak, std::int64_t step) {
        if (!forced || peak > bound.peak || (peak == bound.peak && step < bound.peak_step))
            bound.peak = peak, bound.peak_step = step;
        forced = true;
    };
    if (grounds.empty()) {
        for (const Load& load : all) force(load.rounded - load.waste, load.step);
    }
    for (const std::int64_t ground : std::set<std::int64_t>(grounds.begin(), grounds.end())) {
        if (ground < 0) continue;
        if (clock.stopped()) break;
        std::vector<Need> above;
        for (const Need& need : given.needs)
            if (grounds[need.owner] < 0 || grounds[need.owner] >= ground) above.push_back(need);
        for (const Load& load : loads_of(above, clock))
            force(fill(memories, ground, given.grain, load).value_or(beyond), load.step);
    }
    for (std::size_t b = 0; b < grounds.size(); ++b)
        if (grounds[b] < 0) force(beyond, given.lower[b]);
    for (const Top& fixed : given.fixed) force(fixed.top, fixed.lower);
    if (clock.stopped()) return std::nullopt;
    return bound;
}

}  // namespace tmpass::judges
