#include "judges/rectangles_apart.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <queue>
#include <utility>
#include <vector>

namespace nb = nanobind;

namespace tmpass::judges {
namespace {

using Rectangle = std::array<std::int64_t, 4>;  // lower, upper, low, high

// The rectangles that are not empty. Returns whether all could be read.
bool read(nb::tuple given, std::vector<Rectangle>& found) {
    found.reserve(nb::len(given));
    for (std::size_t i = 0; i < nb::len(given); ++i) {
        const nb::object row = given[i];
        if (!nb::isinstance<nb::tuple>(row) || PyTuple_Size(row.ptr()) < 4) return false;
        Rectangle one;
        for (std::size_t k = 0; k < one.size(); ++k) {
            PyObject* number = PyTuple_GetItem(row.ptr(), static_cast<Py_ssize_t>(k));
            if (number == nullptr || PyLong_CheckExact(number) == 0) return false;
            int overflow = 0;
            one[k] = PyLong_AsLongLongAndOverflow(number, &overflow);
            if (overflow != 0) return false;
        }
        if (one[0] < one[1] && one[2] < one[3]) found.push_back(one);
    }
    return true;
}

bool are_apart(std::vector<Rectangle>& rectangles) {
    std::ranges::sort(rectangles);
    std::map<std::int64_t, std::int64_t> alive;  // first byte -> end
    using End = std::pair<std::int64_t, std::map<std::int64_t, std::int64_t>::iterator>;
    const auto later = [](const End& one, const End& two) { return one.first > two.first; };
    std::priority_queue<End, std::vector<End>, decltype(later)> ends(later);
    for (const auto& [lower, upper, low, high] : rectangles) {
        while (!ends.empty() && ends.top().first <= lower) {
            const auto ended = ends.top().second;
            ends.pop();  // first, since moving an iterator of what is erased is undefined
            alive.erase(ended);
        }
        const auto above = alive.lower_bound(low);
        if (above != alive.end() && above->first < high) return false;
        if (above != alive.begin() && std::prev(above)->second > low) return false;
        ends.emplace(upper, alive.emplace_hint(above, low, high));
    }
    return true;
}

}  // namespace

bool rectangles_apart(nb::tuple rectangles) {
    std::vector<Rectangle> found;
    if (!read(rectangles, found)) return false;
    nb::gil_scoped_release released;
    return are_apart(found);
}

}  // namespace tmpass::judges
