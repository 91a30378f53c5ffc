#include "judges/peak_step.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "python_field.hpp"

namespace nb = nanobind;

namespace tmpass::judges {
namespace {

struct Change {
    std::int64_t step, bytes;
    auto operator<=>(const Change&) const = default;
};

// Adds up changes, which come in the order of time.
class RunningSum {
  public:
    void add(std::int64_t step, std::int64_t bytes) {
        live_ += bytes;
        if (live_ > most_.first) most_ = {live_, step};
    }
    std::pair<std::int64_t, std::int64_t> most() const { return most_; }

  private:
    std::int64_t live_ = 0;
    std::pair<std::int64_t, std::int64_t> most_{0, 0};
};

}  // namespace

std::optional<std::pair<std::int64_t, std::int64_t>> peak_step(nb::tuple buffers, std::int64_t alignment) {
    const Field lower("lower"), upper("upper"), size("size"), own("alignment"), gaps("gaps");
    const std::size_t count = nb::len(buffers);
    if (alignment < 1 || alignment > kMaxObjectAlignment) throw std::invalid_argument("the alignment is out of range");
    std::vector<Change> changes;
    changes.reserve(2 * count);
    std::int64_t grain = 0, sizes = 0, end = 0, total = 0;
    for (std::size_t b = 0; b < count; ++b) {
        const nb::handle buffer = buffers[b];
        if (nb::len(gaps.of(buffer)) > 0) return std::nullopt;
        const std::int64_t bytes = size.number_of(buffer), begin = lower.number_of(buffer);
        if (begin < 0 || bytes < 0 || bytes > kMaxObjectBytes - total)
            throw std::invalid_argument("a buffer is out of range");
        total += bytes;
        const std::int64_t mine = own.number_of(buffer);
        if (mine < 1 || mine > kMaxObjectAlignment) throw std::invalid_argument("a buffer is out of range");
        grain = std::gcd(grain, std::lcm(alignment, mine));
        sizes = std::gcd(sizes, bytes);
        changes.push_back({begin, bytes});
        changes.push_back({upper.number_of(buffer), -bytes});
        if (changes.back().step <= begin) throw std::invalid_argument("a buffer is out of range");
        end = std::max(end, changes.back().step);
    }
    if (grain > 0 && sizes % grain != 0) return std::nullopt;
    RunningSum live;
    if (end <= 4 * static_cast<std::int64_t>(count)) {
        std::vector<std::int64_t> at(end + 1, 0);
        for (const Change& change : changes) at[change.step] += change.bytes;
        for (std::int64_t step = 0; step <= end; ++step) live.add(step, at[step]);
    } else {
        std::ranges::sort(changes);  // at one step those first that end something
        for (const Change& change : changes) live.add(change.step, change.bytes);
    }
    return live.most();
}

}  // namespace tmpass::judges
