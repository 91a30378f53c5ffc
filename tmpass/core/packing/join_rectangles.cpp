#include "packing/join_rectangles.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

#include "packing/first_fit.hpp"

namespace tmpass::packing {
namespace {

constexpr Index kLeftShare = 4;            // of this many buffers at most one rectangle is left
constexpr std::size_t kMaxOdds = 1 << 20;  // ends times starts at one step
constexpr Index kMaxLooks = 1024;          // at candidates for one rectangle and one kind of match
constexpr std::int64_t kLooksOfAll = 256;  // times n log n: at candidates, and to search and sort, in all rounds
constexpr std::int64_t kLooksBetweenChecks = 1 << 16;

struct Child {
    Index rectangle = -1;
    Bytes rise = 0;  // above the bottom of its parent
};

struct Rectangle {
    Step lower, upper;
    Bytes size;
    std::array<Child, 5> children;
    bool joined = false;  // it is a child
};

class Joining {
  public:
    Joining(const Problem& problem, const Interrupted& interrupted)
        : interrupted_(interrupted), most_looks_(kLooksOfAll * looks_to_sort(problem.count())) {
        for (Index b = 0; b < problem.count(); ++b)
            all_.push_back({problem.lower[b], problem.upper[b], problem.size[b], {}, problem.size[b] == 0});
    }

    // Joins until nothing matches any more or the looks are spent, the safest matches first: where many rectangles end
    // and begin at one step, some are of equal size by chance. Their number falls as others are joined. Where nothing
    // was joined, only chains at greater odds are new.
    void run() {
        for (std::size_t odds = 1; odds <= kMaxOdds && !spent();) {
            index();
            if (any([&](std::size_t i) { return !all_[by_start_[i]].joined && join_pinwheel(by_start_[i]); })) continue;
            if (any([&](std::size_t i) { return join_stack(i); })) continue;
            const auto chain = [&](std::size_t i) {
                return !all_[by_start_[i]].joined && join_chain(by_start_[i], odds);
            };
            while (odds <= kMaxOdds && !any(chain)) odds *= 4;
        }
    }

    std::vector<Index> left() const {
        std::vector<Index> found;
        for (Index r = 0; r < static_cast<Index>(all_.size()); ++r)
            if (!all_[r].joined) found.push_back(r);
        return found;
    }

    const Rectangle& at(Index r) const { return all_[r]; }

    // Adds `offset` to the offsets of all buffers in r.
    void place(Index r, Bytes offset, std::vector<Bytes>& offsets) const {
        std::vector<std::pair<Index, Bytes>> open{{r, offset}};
        while (!open.empty()) {
            const auto [top, base] = open.back();
            open.pop_back();
            if (top < static_cast<Index>(offsets.size())) offsets[top] = base;
            for (const Child& child : all_[top].children)
                if (child.rectangle >= 0) open.emplace_back(child.rectangle, base + child.rise);
        }
    }

  private:
    // Whether one of the rectangles that were left when the round began was joined. All are tried.
    template <typename Join>
    bool any(const Join& join) {
        bool changed = false;
        for (std::size_t i = 0; i < by_start_.size() && !spent(); ++i) changed |= join(i);
        return changed;
    }

    bool spent() {
        if (looks_ >= next_check_) {
            next_check_ = looks_ + kLooksBetweenChecks;
            if (interrupted_()) throw Cancelled();
        }
        return looks_ >= most_looks_;
    }

    static std::int64_t looks_to_search(Index count) { return std::bit_width(static_cast<std::uint32_t>(count)); }
    static std::int64_t looks_to_sort(Index count) { return count * looks_to_search(count); }

    void index() {
        by_start_ = by_end_ = left();
        std::ranges::sort(by_start_, {}, [&](Index r) { return std::tuple(all_[r].lower, all_[r].upper, r); });
        std::ranges::sort(by_end_, {}, [&](Index r) { return std::tuple(all_[r].upper, all_[r].lower, r); });
        looks_ += static_cast<std::int64_t>(all_.size()) + 2 * looks_to_sort(static_cast<Index>(by_start_.size()));
    }

    void join(Step lower, Step upper, Bytes size, const std::array<Child, 5>& children) {
        for (const Child& child : children)
            if (child.rectangle >= 0) all_[child.rectangle].joined = true;
        all_.push_back({lower, upper, size, children, false});
    }

    // With the next one by start, if both live equally long.
    bool join_stack(std::size_t i) {
        ++looks_;
        if (i + 1 == by_start_.size()) return false;
        const Index a = by_start_[i], b = by_start_[i + 1];
        const auto [lower, upper, size, _, joined] = all_[a];
        if (joined || all_[b].joined || all_[b].lower != lower || all_[b].upper != upper) return false;
        join(lower, upper, size + all_[b].size, {Child{a, 0}, Child{b, size}});
        return true;
    }

    // With the only one of its size that begins where r ends, if r is the only one of that size that ends there, and
    // not more than `odds` pairs end and begin there.
    bool join_chain(Index r, std::size_t odds) {
        const auto [lower, middle, size, _, joined] = all_[r];
        const auto starting = starting_at(middle), ending = ending_at(middle);
        if (starting.empty() || starting.size() * ending.size() > odds) return false;
        looks_ += static_cast<std::int64_t>(starting.size() + ending.size());
        Index next = -1, same = 0;
        for (const Index other : starting) {
            if (all_[other].joined || all_[other].size != size) continue;
            next = other;
            ++same;
        }
        if (same != 1) return false;
        for (const Index other : ending) same += !all_[other].joined && all_[other].size == size;
        if (same != 2) return false;
        join(lower, all_[next].upper, size, {Child{r, 0}, Child{next, 0}});
        return true;
    }

    // With the four around it, if r is the centre of a pinwheel.
    bool join_pinwheel(Index r) {
        Index looks = 0;
        const bool joined = join_around(r, looks);
        looks_ += looks;
        return joined;
    }

    bool join_around(Index r, Index& looks) {
        for (const Index x : ending_at(all_[r].upper)) {
            if (++looks > kMaxLooks) return false;
            if (all_[x].joined || all_[x].lower >= all_[r].lower) continue;
            for (const Index l : living_in(all_[x].lower, all_[r].lower)) {
                if (++looks > kMaxLooks) return false;
                if (!all_[l].joined && join_between(r, x, l, looks)) return true;
            }
        }
        return false;
    }

    // The same where x and l are known.
    bool join_between(Index r, Index x, Index l, Index& looks) {
        const auto [begin, end, size, _, joined] = all_[r];
        const Bytes low = all_[x].size, height = low + all_[l].size;
        for (const Index y : starting_at(begin)) {
            if (++looks > kMaxLooks) return false;
            if (all_[y].joined || all_[y].upper <= end || low + size + all_[y].size != height) continue;
            for (const Index right : living_in(end, all_[y].upper)) {
                ++looks_;
                if (all_[right].joined || all_[right].size + all_[y].size != height) continue;
                join(all_[x].lower, all_[y].upper, height,
                     {Child{x, 0}, Child{l, low}, Child{r, low}, Child{y, low + size}, Child{right, 0}});
                return true;
            }
        }
        return false;
    }

    std::span<const Index> starting_at(Step step) {
        const auto found = std::ranges::equal_range(by_start_, step, {}, [&](Index r) { return all_[r].lower; });
        return few(found);
    }

    std::span<const Index> ending_at(Step step) {
        const auto found = std::ranges::equal_range(by_end_, step, {}, [&](Index r) { return all_[r].upper; });
        return few(found);
    }

    // The first of what a search found.
    template <typename Found>
    std::span<const Index> few(const Found& found) {
        looks_ += 2 * looks_to_search(static_cast<Index>(by_start_.size()));
        return {found.begin(), std::min<std::size_t>(found.size(), kMaxLooks)};
    }

    std::span<const Index> living_in(Step lower, Step upper) {
        const auto found = std::ranges::equal_range(by_start_, std::pair(lower, upper), {},
                                                    [&](Index r) { return std::pair(all_[r].lower, all_[r].upper); });
        return few(found);
    }

    const Interrupted& interrupted_;
    const std::int64_t most_looks_;
    std::int64_t looks_ = 0, next_check_ = 0;
    std::vector<Rectangle> all_;            // those of the buffers first
    std::vector<Index> by_start_, by_end_;  // those that are left, when the round began
};

bool fits_together(const Problem& problem) {
    if (!problem.gaps.empty() || !problem.forbidden.empty() || !problem.apart.empty()) return false;
    Bytes alignment = 1;
    for (Index b = 0; b < problem.count(); ++b) {
        if (!problem.movable(b)) return false;
        alignment = std::max(alignment, problem.alignment[b]);
    }
    for (Index b = 0; b < problem.count(); ++b)
        if (alignment % problem.alignment[b] != 0 || problem.size[b] % alignment != 0) return false;
    return true;
}

}  // namespace

std::vector<Bytes> join_rectangles(const Problem& problem, Bytes stop, const Interrupted& interrupted) {
    if (!fits_together(problem)) return {};
    Joining joining(problem, interrupted);
    joining.run();
    const std::vector<Index> left = joining.left();
    if (static_cast<Index>(left.size()) > problem.count() / kLeftShare) return {};
    Problem rectangles;
    for (const Index r : left) {
        rectangles.lower.push_back(joining.at(r).lower);
        rectangles.upper.push_back(joining.at(r).upper);
        rectangles.size.push_back(joining.at(r).size);
    }
    rectangles.alignment.assign(left.size(), 1);
    rectangles.fixed.assign(left.size(), kMovable);
    const Packing packing = pack(rectangles, stop, Fit::kLowest, interrupted);
    std::vector<Bytes> offsets(problem.count(), 0);
    for (std::size_t i = 0; i < left.size(); ++i) joining.place(left[i], packing.offsets[i], offsets);
    return offsets;
}

}  // namespace tmpass::packing
