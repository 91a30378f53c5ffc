#include "residency/free_order_problem.hpp"

#include <algorithm>
#include <stdexcept>

namespace tmpass::residency {
namespace {

void demand(bool holds, const char* law) {
    if (!holds) throw std::invalid_argument(law);
}

using Pairs = std::vector<std::pair<Index, Index>>;

// For each of `count` numbers, those that it is paired with, rising, each once.
Rows<Index> rows_of(Pairs pairs, Index count) {
    std::ranges::sort(pairs);
    const auto repeated = std::ranges::unique(pairs);
    pairs.erase(repeated.begin(), repeated.end());
    Rows<Index> made;
    made.start.assign(count + 1, 0);
    for (const auto& [key, value] : pairs) {
        ++made.start[key + 1];
        made.rows.push_back(value);
    }
    for (Index i = 0; i < count; ++i) made.start[i + 1] += made.start[i];
    return made;
}

Pairs swapped(Pairs pairs) {
    for (auto& [a, b] : pairs) std::swap(a, b);
    return pairs;
}

void check_sizes(std::int64_t capacity, const FreeOrderArrays& arrays) {
    const std::size_t items = arrays.size.size();
    demand(capacity >= 0 && capacity <= kMaxTraffic, "the capacity is out of range");
    demand(items < (1 << 28) && arrays.own.size() < (1 << 28) && arrays.readers.size() < (1 << 28), "too many items");
    for (const auto* numbers : {&arrays.room, &arrays.kept, &arrays.maker})
        demand(numbers->size() == items, "room, kept and maker must have a number for each item");
    demand(arrays.starts.size() == items + 1 && arrays.starts.front() == 0 &&
               arrays.starts.back() == static_cast<std::int64_t>(arrays.readers.size()) &&
               std::ranges::is_sorted(arrays.starts),
           "starts must rise from 0 to the number of readers");
    demand(arrays.edges.size() % 2 == 0 && arrays.edges.size() < (1 << 29), "an edge is two operators");
    demand(std::ranges::all_of(arrays.kept, [](std::int64_t kept) { return kept == 0 || kept == 1; }),
           "kept is 0 or 1");
    std::int64_t moved = 0, room = 0;
    const auto add = [](std::int64_t& total, std::int64_t bytes, std::int64_t times) {
        demand(0 <= bytes && bytes <= (kMaxTraffic - total) / times, "bytes times uses are above 2^56");
        total += bytes * times;
    };
    for (std::size_t i = 0; i < items; ++i) add(moved, arrays.size[i], arrays.starts[i + 1] - arrays.starts[i] + 2);
    for (const std::int64_t bytes : arrays.room) add(room, bytes, 1);
    for (const std::int64_t bytes : arrays.own) add(room, bytes, 1);
}

// The rows of `over` by operator. What is saved is no more than the item, nor than what the operator makes.
Rows<Overwrite> overwrites(const FreeOrderProblem& p, const std::vector<std::int64_t>& rows) {
    demand(rows.size() % 3 == 0 && rows.size() < (1 << 29), "an overwrite is an operator, an item and bytes");
    std::vector<std::vector<Overwrite>> found(p.count());
    for (std::size_t i = 0; i < rows.size(); i += 3) {
        demand(0 <= rows[i] && rows[i] < p.count(), "an operator is out of range");
        demand(0 <= rows[i + 1] && rows[i + 1] < p.item_count(), "an item is out of range");
        const auto op = static_cast<Index>(rows[i]), item = static_cast<Index>(rows[i + 1]);
        demand(std::ranges::binary_search(p.reads.of(op), item), "an operator writes over what it does not read");
        Bytes made = p.own[op];
        for (const Index other : p.makes.of(op)) made += p.room[other];
        demand(0 <= rows[i + 2] && rows[i + 2] <= std::min(p.room[item], made), "an overwrite saves too much");
        found[op].push_back({item, rows[i + 2]});
    }
    Rows<Overwrite> made;
    made.start.assign(1, 0);
    for (const auto& own : found) {
        made.rows.insert(made.rows.end(), own.begin(), own.end());
        made.start.push_back(static_cast<Index>(made.rows.size()));
    }
    return made;
}

// Whether an order exists: operators are taken as soon as nothing before them is left.
bool has_order(const FreeOrderProblem& p) {
    std::vector<Index> waiting(p.count()), open;
    for (Index op = 0; op < p.count(); ++op) {
        waiting[op] = static_cast<Index>(p.before.of(op).size());
        if (waiting[op] == 0) open.push_back(op);
    }
    Index ran = 0;
    for (; !open.empty(); ++ran) {
        const Index op = open.back();
        open.pop_back();
        for (const Index next : p.after.of(op))
            if (--waiting[next] == 0) open.push_back(next);
    }
    return ran == p.count();
}

}  // namespace

FreeOrderProblem checked_free_order(std::int64_t capacity, const FreeOrderArrays& arrays) {
    check_sizes(capacity, arrays);
    const auto count = static_cast<Index>(arrays.own.size()), items = static_cast<Index>(arrays.size.size());
    const auto op = [&](std::int64_t number) {
        demand(0 <= number && number < count, "an operator is out of range");
        return static_cast<Index>(number);
    };
    FreeOrderProblem made{capacity, arrays.size, arrays.room, {arrays.kept.begin(), arrays.kept.end()},
                          {},       {},          {},          {},
                          {},       {},          arrays.own,  {}};
    Pairs makes, readers, edges;
    for (std::size_t i = 0; i < arrays.edges.size(); i += 2)
        edges.emplace_back(op(arrays.edges[i]), op(arrays.edges[i + 1]));
    for (Index item = 0; item < items; ++item) {
        const bool stored = arrays.maker[item] == -1;
        made.maker.push_back(stored ? -1 : op(arrays.maker[item]));
        if (!stored) makes.emplace_back(made.maker[item], item);
        for (auto i = arrays.starts[item]; i < arrays.starts[item + 1]; ++i) {
            readers.emplace_back(item, op(arrays.readers[i]));
            if (!stored) edges.emplace_back(made.maker[item], readers.back().second);
        }
    }
    made.readers = rows_of(readers, items);
    made.reads = rows_of(swapped(std::move(readers)), count);
    made.makes = rows_of(std::move(makes), count);
    made.after = rows_of(edges, count);
    made.before = rows_of(swapped(std::move(edges)), count);
    for (Index item = 0; item < items; ++item)
        demand(made.readers.of(item).size() >= (made.stored(item) ? 2 : 1), "an item has too few readers");
    made.over = overwrites(made, arrays.over);
    demand(has_order(made), "the operators wait for each other in a cycle");
    for (Index o = 0; o < count; ++o) {
        Bytes bytes = made.own[o] - made.saved(o, [](Index) { return true; });
        for (const Index item : made.reads.of(o)) bytes += made.room[item];
        for (const Index item : made.makes.of(o)) bytes += made.room[item];
        demand(bytes <= capacity, "an operator needs more than the capacity");
    }
    return made;
}

}  // namespace tmpass::residency
