#include "ordering/order_problem.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <stdexcept>

#include "ordering/order_state.hpp"

namespace tmpass::ordering {

Lists transposed(const Lists& lists, Index count) {
    Lists result;
    result.start.assign(count + 1, 0);
    for (const Index value : lists.values) ++result.start[value + 1];
    for (Index a = 0; a < count; ++a) result.start[a + 1] += result.start[a];
    result.values.resize(lists.values.size());
    std::vector<Index> next(result.start.begin(), result.start.end() - 1);
    for (Index b = 0; b < lists.count(); ++b)
        for (const Index a : lists.of(b)) result.values[next[a]++] = b;
    return result;
}

namespace {

// A topological order that takes the lowest number first; not all operators where they wait in a cycle. Calls
// alone(position, op) for each operator that is the only one that can come next.
template <typename Alone>
std::vector<Index> sort_topologically(const Lists& after, const Lists& before, Alone alone) {
    std::priority_queue<Index, std::vector<Index>, std::greater<>> ready;
    std::vector<Index> waiting(after.count());
    for (Index op = 0; op < after.count(); ++op) {
        waiting[op] = static_cast<Index>(before.of(op).size());
        if (waiting[op] == 0) ready.push(op);
    }
    std::vector<Index> order;
    while (!ready.empty()) {
        const Index op = ready.top();
        if (ready.size() == 1) alone(static_cast<Index>(order.size()), op);
        ready.pop();
        order.push_back(op);
        for (const Index next : after.of(op))
            if (--waiting[next] == 0) ready.push(next);
    }
    return order;
}

void require(bool holds, const char* fault) {
    if (!holds) throw std::invalid_argument(fault);
}

Index index_below(std::int64_t value, std::int64_t limit) {
    require(value >= 0 && value < limit, "the number of an operator or item is out of range");
    return static_cast<Index>(value);
}

Lists lists_of(std::vector<std::vector<Index>> rows) {
    Lists lists;
    for (auto& row : rows) {
        std::ranges::sort(row);
        const auto doubled = std::ranges::unique(row);
        lists.values.insert(lists.values.end(), row.begin(), doubled.begin());
        lists.end_list();
    }
    return lists;
}

Lists users_of_items(const OrderArrays& arrays, Index ops) {
    const auto &starts = arrays.starts, &users = arrays.users;
    std::vector<std::vector<Index>> rows(arrays.size.size());
    require(starts.size() == rows.size() + 1 && starts.front() == 0 && std::ranges::is_sorted(starts) &&
                starts.back() == static_cast<std::int64_t>(users.size()),
            "starts must rise from 0 to the number of users, one for each item and one more");
    for (std::size_t item = 0; item < rows.size(); ++item) {
        for (auto at = starts[item]; at < starts[item + 1]; ++at) rows[item].push_back(index_below(users[at], ops));
        require(!rows[item].empty() || (arrays.first[item] && arrays.last[item]),
                "an item that is not alive throughout has no user");
    }
    return lists_of(std::move(rows));
}

Rows<InPlace> in_place_rows(const OrderArrays& arrays, Index ops) {
    std::vector<std::vector<InPlace>> rows(ops);
    const auto& flat = arrays.in_place;
    const auto end = static_cast<std::int64_t>(flat.size());
    for (std::int64_t at = 0; at < end;) {
        require(end - at >= 3 && flat[at + 2] >= 1 && flat[at + 2] <= end - at - 3, "a row of in_place is incomplete");
        InPlace& option = rows[index_below(flat[at], ops)].emplace_back(flat[at + 1], std::vector<Index>());
        Bytes ending = 0;
        for (std::int64_t i = at + 3; i < at + 3 + flat[at + 2]; ++i) {
            option.items.push_back(index_below(flat[i], static_cast<std::int64_t>(arrays.size.size())));
            ending += arrays.size[flat[i]];
        }
        require(option.bytes >= 0 && option.bytes <= ending, "a row of in_place saves more bytes than its items have");
        at += 3 + flat[at + 2];
    }
    Rows<InPlace> result{{0}, {}};
    for (auto& row : rows) {
        for (InPlace& option : row) result.rows.push_back(std::move(option));
        result.start.push_back(static_cast<Index>(result.rows.size()));
    }
    return result;
}

void check_sum(const OrderArrays& arrays) {
    Bytes total = 0;
    const auto add = [&total](Bytes bytes) {
        require(bytes >= 0 && bytes < kMaxBytes - total, "sizes add up to 2^62 or more");
        total += bytes;
    };
    for (const Bytes bytes : arrays.size) add(bytes);
    for (const Bytes bytes : arrays.scratch) add(bytes);
    add(arrays.beginning);
}

}  // namespace

OrderProblem checked_order_problem(const OrderArrays& arrays) {
    constexpr std::size_t kMaxNumbers = 1 << 30;
    for (const std::size_t count :
         {arrays.size.size(), arrays.scratch.size(), arrays.users.size(), arrays.edges.size()})
        require(count < kMaxNumbers, "too many items, operators, users or edges");
    require(arrays.first.size() == arrays.size.size() && arrays.last.size() == arrays.size.size(),
            "first and last must have one number for each item");
    require(arrays.edges.size() % 2 == 0, "an edge is incomplete");
    check_sum(arrays);
    const auto ops = static_cast<Index>(arrays.scratch.size());
    OrderProblem problem;
    std::vector<std::vector<Index>> after(ops);
    for (std::size_t i = 0; i < arrays.edges.size(); i += 2)
        after[index_below(arrays.edges[i], ops)].push_back(index_below(arrays.edges[i + 1], ops));
    problem.after = lists_of(std::move(after));
    problem.before = transposed(problem.after, ops);
    problem.size = arrays.size;
    problem.first.assign(arrays.first.begin(), arrays.first.end());
    problem.last.assign(arrays.last.begin(), arrays.last.end());
    problem.users = users_of_items(arrays, ops);
    problem.items = transposed(problem.users, ops);
    problem.scratch = arrays.scratch;
    problem.in_place = in_place_rows(arrays, ops);
    problem.beginning = arrays.beginning;
    problem.partial = arrays.partial;
    const auto order = sort_topologically(problem.after, problem.before, [](Index, Index) {});
    require(static_cast<Index>(order.size()) == ops, "operators wait for each other in a cycle");
    return problem;
}

std::vector<Index> checked_order(const OrderProblem& problem, std::span<const std::int64_t> order) {
    require(static_cast<Index>(order.size()) == problem.count(), "an order must have one entry for each operator");
    std::vector<Index> ops;
    OrderState state(problem);
    std::vector<char> ran(order.size(), 0);
    for (const std::int64_t op : order) {
        const Index next = index_below(op, problem.count());
        require(!ran[next] && !state.waits(next), "an operator comes twice, or before one that it waits for");
        ran[next] = 1;
        ops.push_back(next);
        state.run(next);
    }
    return ops;
}

Cuts find_cuts(const OrderProblem& problem) {
    // An operator that all others come before or after is alone when it can run, in both directions. The operators left
    // then are those on its other side; on both sides together they are all others.
    const Index ops = problem.count();
    std::vector<Index> following(ops, -1), preceding(ops, -1);
    const auto count_into = [ops](std::vector<Index>& left) {
        return [&left, ops](Index at, Index op) { left[op] = ops - 1 - at; };
    };
    Cuts cuts{sort_topologically(problem.after, problem.before, count_into(following)), {0}};
    sort_topologically(problem.before, problem.after, count_into(preceding));
    for (Index at = 0; at < ops; ++at) {
        const Index op = cuts.order[at];
        if (following[op] < 0 || preceding[op] < 0 || following[op] + preceding[op] != ops - 1) continue;
        if (cuts.positions.back() != at) cuts.positions.push_back(at);
        if (at + 1 < ops) cuts.positions.push_back(at + 1);
    }
    cuts.positions.push_back(ops);
    return cuts;
}

OrderState::OrderState(const OrderProblem& problem)
    : problem_(&problem), place_(problem.count(), 0), waiting_(problem.count()), left_(problem.item_count()) {
    for (Index op = 0; op < problem.count(); ++op) {
        waiting_[op] = static_cast<Index>(problem.before.of(op).size());
        if (waiting_[op] == 0) make_ready(op);
    }
    for (Index item = 0; item < problem.item_count(); ++item) {
        left_[item] = static_cast<Index>(problem.users.of(item).size());
        if (problem.first[item]) live_ += problem.size[item];
    }
}

}  // namespace tmpass::ordering
