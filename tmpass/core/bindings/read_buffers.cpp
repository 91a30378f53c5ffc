#include "bindings/read_buffers.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "python_field.hpp"

namespace nb = nanobind;

namespace tmpass::bindings {
namespace {

void require(bool good) {
    if (!good) throw std::invalid_argument("a buffer is out of range");
}

}  // namespace

packing::Problem read_buffers(nb::tuple buffers, Bytes alignment, packing::Tables tables) {
    const Field lower("lower"), upper("upper"), size("size"), own("alignment"), offset("offset"), hint("hint"),
        gaps("gaps"), window_lower("window_lower"), window_upper("window_upper");
    const nb::tuple nothing = nb::make_tuple();
    const std::size_t count = nb::len(buffers);
    require(1 <= alignment && alignment <= kMaxObjectAlignment);
    packing::Problem problem;
    Bytes hints = 0;
    for (auto* column : {&problem.lower, &problem.upper, &problem.size, &problem.alignment, &problem.fixed})
        column->reserve(count);
    for (std::size_t b = 0; b < count; ++b) {
        const nb::handle buffer = buffers[b];
        problem.lower.push_back(lower.number_of(buffer));
        problem.upper.push_back(upper.number_of(buffer));
        problem.size.push_back(size.number_of(buffer));
        require(0 <= problem.size.back() && problem.size.back() <= kMaxBytes);
        const Bytes mine = own.number_of(buffer);
        require(1 <= mine && mine <= kMaxObjectAlignment);
        const Bytes both = alignment == 1 ? mine : std::lcm(alignment, mine);
        require(both <= kMaxObjectAlignment);
        problem.alignment.push_back(both);
        const nb::object fixed = offset.of(buffer), wish = hint.of(buffer);
        problem.fixed.push_back(fixed.is_none() ? packing::kMovable : Field::to_number(fixed));
        if (!fixed.is_none()) {
            const Bytes at = problem.fixed.back();
            require(0 <= at && at <= kMaxBytes - problem.size.back() && at % both == 0);
        }
        if (!wish.is_none()) {
            const Bytes at = Field::to_number(wish);
            require(0 <= at && at <= kMaxBytes - hints);
            hints += at;
        }
        const nb::object own_gaps = gaps.of(buffer);
        if (own_gaps.is(nothing)) continue;  // Python has one empty tuple; an iterator for it takes time
        for (const nb::handle gap : own_gaps)
            tables.gaps.insert(tables.gaps.end(),
                               {static_cast<std::int64_t>(b), lower.number_of(gap), upper.number_of(gap),
                                window_lower.number_of(gap), window_upper.number_of(gap)});
    }
    packing::Problem read = packing::checked(std::move(problem), tables);
    Bytes room = kMaxBytes - hints;  // together with all else that is added up
    for (std::size_t b = 0; b < count && hints > 0; ++b) {
        room -= read.size[b] + read.alignment[b] + std::max(read.fixed[b], Bytes{0});
        require(room >= 0);
    }
    return read;
}

}  // namespace tmpass::bindings
