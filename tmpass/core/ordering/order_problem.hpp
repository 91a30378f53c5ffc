// Operators to order, as flat arrays, and the bytes that an order keeps alive.
//
//     operator   0 ──> 1 ──> 3        item   an amount of bytes, alive from the first to the last of its users:
//                └───> 2 ─────┘              {0, 1, 2} is what 0 makes and 1 and 2 read
//
// An item may be alive before the first operator (an input), after the last (an output), or both. Sums of sizes stay
// below 2^62 (checked), so 64 signed bits cannot overflow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "types.hpp"

namespace tmpass::ordering {

// Sets of numbers: those of `a` are values[start[a] .. start[a + 1]).
struct Lists {
    std::vector<Index> start{0};
    std::vector<Index> values;

    std::span<const Index> of(Index a) const {
        return std::span(values).subspan(start[a], static_cast<std::size_t>(start[a + 1] - start[a]));
    }
    Index count() const { return static_cast<Index>(start.size()) - 1; }
    void end_list() { start.push_back(static_cast<Index>(values.size())); }
};

// The transposed relation: b is in the result's list of a where a is in the list of b.
Lists transposed(const Lists& lists, Index count);

// An operator may write its result over `items`, which must all end there: then `bytes` fewer are alive in its step. In
// a problem that is `partial`, only the items that end there count, with their sizes, up to `bytes`.
struct InPlace {
    Bytes bytes;
    std::vector<Index> items;
};

struct OrderProblem {
    Lists after;                 // operator -> those that must run after it
    Lists before;                // and the other way round
    std::vector<Bytes> size;     // of each item
    std::vector<char> first;     // it is alive before the first operator
    std::vector<char> last;      // it is alive after the last one
    Lists users;                 // item -> operators, each once
    Lists items;                 // operator -> items
    std::vector<Bytes> scratch;  // bytes that an operator needs in its own step
    Rows<InPlace> in_place;      // of each operator
    Bytes beginning = 0;         // additional bytes in the first step, whichever operator runs in it
    bool partial = false;        // in-place items that end may be overwritten although others do not

    Index count() const { return static_cast<Index>(scratch.size()); }
    Index item_count() const { return static_cast<Index>(size.size()); }
};

// An order problem as it comes from outside, unchecked.
struct OrderArrays {
    std::vector<std::int64_t> edges;              // pairs: the second runs after the first
    std::vector<std::int64_t> size, first, last;  // of each item
    std::vector<std::int64_t> starts, users;      // users of item i: users[starts[i] .. starts[i + 1])
    std::vector<std::int64_t> scratch;            // of each operator
    std::vector<std::int64_t> in_place;           // rows: operator, bytes, number of items, those items
    std::int64_t beginning;
    bool partial = false;
};

// The bytes that the best of `options` saves. ends(item): whether the item ends with the operator.
template <typename Ends>
Bytes saved_in_place(const OrderProblem& problem, std::span<const InPlace> options, Ends ends) {
    Bytes best = 0;
    for (const InPlace& option : options) {
        if (option.bytes <= best) continue;
        if (!problem.partial) {
            if (std::ranges::all_of(option.items, ends)) best = option.bytes;
            continue;
        }
        Bytes ending = 0;
        for (const Index item : option.items)
            if (ends(item)) ending += problem.size[item];
        best = std::max(best, std::min(ending, option.bytes));
    }
    return best;
}

// Throws std::invalid_argument where an operator or item is out of range, an item without users is not alive
// throughout, sizes are negative or add up to 2^62 or more, or the operators wait for each other in a cycle.
OrderProblem checked_order_problem(const OrderArrays& arrays);

// Throws std::invalid_argument unless `order` is a topological order of all operators.
std::vector<Index> checked_order(const OrderProblem& problem, std::span<const std::int64_t> order);

// A topological order that takes the lowest number first, and the positions in it, from 0 to the number of operators,
// between which the operators can be ordered on their own: any order has the same operators there.
struct Cuts {
    std::vector<Index> order;
    std::vector<Index> positions;
};
Cuts find_cuts(const OrderProblem& problem);

}  // namespace tmpass::ordering
