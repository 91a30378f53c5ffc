// The one door between Python and the kernels: flat arrays and scalars in, flat arrays and scalars out.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <vector>

#include "first_fit.hpp"
#include "postpone.hpp"
#include "search.hpp"
#include "sections.hpp"

namespace nb = nanobind;
using namespace tmpass;

namespace {

using Array = std::vector<std::int64_t>;

// Checks what a kernel relies on, so that no call from Python can make it read outside its arrays.
Problem view(const Array& lower, const Array& upper, const Array& size, const Array& alignment, const Array& fixed) {
    const std::size_t count = size.size();
    if (count > (1u << 30)) throw nb::value_error("too many buffers");
    if (lower.size() != count || upper.size() != count || alignment.size() != count || fixed.size() != count)
        throw nb::value_error("the arrays differ in length");
    constexpr Bytes kMax = Bytes{1} << 62;
    Bytes total = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const bool good = 0 <= lower[i] && lower[i] < upper[i] && 0 <= size[i] && size[i] <= kMax &&
                          1 <= alignment[i] && alignment[i] <= kMax && -1 <= fixed[i] && fixed[i] <= kMax;
        if (!good) throw nb::value_error(("buffer " + std::to_string(i) + " is out of range").c_str());
        for (const Bytes part : {size[i], alignment[i], std::max(fixed[i], Bytes{0})}) {
            if (part > kMax - total) throw nb::value_error("the buffers add up to more than 2^62 bytes");
            total += part;
        }
    }
    return {lower, upper, size, alignment, fixed};
}

// Ctrl-C reaches a running kernel here: Python's handler runs, and its exception is raised on return.
bool interrupted() {
    nb::gil_scoped_acquire held;
    return PyErr_CheckSignals() != 0;
}

template <typename Kernel>
auto without_gil(Kernel kernel) {
    try {
        nb::gil_scoped_release released;
        return kernel();
    } catch (const Cancelled&) {
        throw nb::python_error();
    }
}

}  // namespace

NB_MODULE(_core, m) {
    m.doc() = "Native kernels. Arrays are per buffer; `fixed` is an address, or -1 where there is a choice.";
    m.def(
        "first_fit",
        [](const Array& lower, const Array& upper, const Array& size, const Array& alignment, const Array& fixed,
           const Array& order) {
            const Problem problem = view(lower, upper, size, alignment, fixed);
            std::vector<bool> seen(size.size(), false);
            for (const std::int64_t b : order) {
                if (b < 0 || b >= problem.count() || seen[b]) throw nb::value_error("order is not a permutation");
                seen[b] = true;
            }
            if (order.size() != size.size()) throw nb::value_error("order is not a permutation");
            return without_gil([&] { return first_fit(problem, order, interrupted); });
        },
        nb::arg("lower"), nb::arg("upper"), nb::arg("size"), nb::arg("alignment"), nb::arg("fixed"), nb::arg("order"),
        "Offsets of first fit in the given order; raises ValueError on arrays out of range.");
    m.def(
        "search",
        [](const Array& lower, const Array& upper, const Array& size, const Array& alignment, const Array& fixed,
           Bytes capacity, std::int64_t node_limit) {
            const Problem problem = view(lower, upper, size, alignment, fixed);
            if (capacity < 0 || capacity > (Bytes{1} << 62)) throw nb::value_error("capacity is out of range");
            SearchResult result = without_gil([&] { return search(problem, capacity, node_limit, interrupted); });
            return std::tuple(static_cast<int>(result.answer), std::move(result.offsets), result.nodes);
        },
        nb::arg("lower"), nb::arg("upper"), nb::arg("size"), nb::arg("alignment"), nb::arg("fixed"),
        nb::arg("capacity"), nb::arg("node_limit"),
        "(answer, offsets, nodes) of the canonical search; answer is 0 found, 1 impossible, 2 budget ended.\n"
        "Raises ValueError on arrays out of range, or when the overlaps are too many to hold.");
    m.def(
        "postpone",
        [](const Array& lower, const Array& upper, const Array& size, const Array& alignment, const Array& fixed,
           Bytes capacity, std::int64_t node_limit, std::uint64_t seed, bool window, bool exchange, bool first) {
            const Problem problem = view(lower, upper, size, alignment, fixed);
            if (capacity < 0 || capacity > (Bytes{1} << 62)) throw nb::value_error("capacity is out of range");
            SearchResult result = without_gil(
                [&] { return postpone(problem, capacity, node_limit, seed, {window, exchange, first}, interrupted); });
            return std::tuple(static_cast<int>(result.answer), std::move(result.offsets), result.nodes);
        },
        nb::arg("lower"), nb::arg("upper"), nb::arg("size"), nb::arg("alignment"), nb::arg("fixed"),
        nb::arg("capacity"), nb::arg("node_limit"), nb::arg("seed") = 1, nb::arg("window") = true,
        nb::arg("exchange") = true, nb::arg("first") = true,
        "(answer, offsets, nodes) of place-or-postpone; answer is 0 found, 1 impossible, 2 budget ended.\n"
        "The last three switch inferences off, for tests. Raises ValueError as search does.");
    m.def(
        "contention",
        [](const Array& lower, const Array& upper, const Array& size) {
            const Array ones(size.size(), 1), movable(size.size(), kMovable);
            const Problem problem = view(lower, upper, size, ones, movable);
            return without_gil([&] { return contention(problem); });
        },
        nb::arg("lower"), nb::arg("upper"), nb::arg("size"),
        "Per buffer, the most bytes alive at one step of its live range.");
}
