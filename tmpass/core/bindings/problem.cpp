// Bindings of packing::Problem.
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <new>

#include "bindings/kernel_call.hpp"
#include "bindings/read_buffers.hpp"
#include "packing/problem_check.hpp"
#include "packing/sections.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {

using packing::Problem;

namespace {

void bind_class(nb::module_& m) {
    nb::class_<Problem>(m, "Problem", "Buffers to place, as the kernels read them: flat arrays, checked once.")
        .def(
            "__init__",
            [](Problem* made, Array lower, Array upper, Array size, Array alignment, Array fixed, Array gaps,
               Array forbidden, Array apart) {
                Problem problem{std::move(lower),
                                std::move(upper),
                                std::move(size),
                                std::move(alignment),
                                std::move(fixed),
                                {},
                                {},
                                {}};
                new (made) Problem(
                    packing::checked(std::move(problem), {std::move(gaps), std::move(forbidden), std::move(apart)}));
            },
            "lower"_a, "upper"_a, "size"_a, "alignment"_a, "fixed"_a, "gaps"_a = Array(), "forbidden"_a = Array(),
            "apart"_a = Array(),
            "Check and keep a problem.\n\n"
            "The first five arrays have one number per buffer; the tables have their rows one after the other.\n\n"
            "Args:\n"
            "    lower: First step alive, 0 .. 2^31 - 2.\n"
            "    upper: First step no longer alive.\n"
            "    size: Bytes. All sizes, alignments and fixed offsets together are at most 2^62.\n"
            "    alignment: What the offset is a multiple of, at least 1.\n"
            "    fixed: The offset, or -1 where the kernel chooses it.\n"
            "    gaps: Rows of buffer, lower, upper, window_lower, window_upper: in steps [lower, upper) the buffer\n"
            "        needs only the bytes [window_lower, window_upper) from its offset on. By time for each buffer.\n"
            "    forbidden: Rows of buffer, from, to: the offset is not in [from, to). Rising and disjoint for each\n"
            "        buffer.\n"
            "    apart: Rows of two buffers that must not touch each other.\n\n"
            "Raises:\n"
            "    ValueError: A number is out of range, the arrays differ in length, or a row is incomplete.")
        .def_static(
            "read",
            [](BufferTuple buffers, Bytes alignment, Array forbidden, Array apart) {
                return read_buffers(buffers, alignment, {{}, std::move(forbidden), std::move(apart)});
            },
            "buffers"_a, "alignment"_a, "forbidden"_a = Array(), "apart"_a = Array(),
            "Return the problem of Python objects.\n\n"
            "Args:\n"
            "    buffers: Objects with the attributes lower, upper, size, alignment, offset, hint and gaps of a\n"
            "        tmpass Buffer; the gaps have lower, upper, window_lower and window_upper.\n"
            "    alignment: What each offset is a multiple of, besides the buffer's own alignment.\n"
            "    forbidden: As for the constructor.\n"
            "    apart: As for the constructor.\n\n"
            "Raises:\n"
            "    ValueError: A buffer is out of range.\n"
            "    AttributeError, TypeError, OverflowError: An attribute is missing or not a number of 64 bits.")
        .def_prop_ro(
            "has_fixed",
            [](const Problem& problem) {
                return std::ranges::any_of(problem.fixed, [](Bytes at) { return at != packing::kMovable; });
            },
            "Whether some offset is fixed.");
}

}  // namespace

void bind_problem(nb::module_& m) {
    bind_class(m);
    m.def(
        "contention", [](const Problem& problem) { return without_gil([&] { return packing::contention(problem); }); },
        "problem"_a, "Return for each buffer the most live bytes at one step of its live range; gaps count as solid.");
}

}  // namespace tmpass::bindings
