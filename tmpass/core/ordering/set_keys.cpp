#include "ordering/set_keys.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "random.hpp"

namespace tmpass::ordering {

namespace {

// Numbers that are the same for equal components only. `place` is that of each operator in its component.
std::vector<Bytes> signature(const OrderProblem& problem, const std::vector<Index>& ops,
                             const std::vector<Index>& component, const std::vector<Index>& place) {
    constexpr Bytes kEnd = -1;
    std::vector<Bytes> words;
    std::map<Index, Bytes> private_items;  // in the order of their first appearance
    const auto item_word = [&](Index item) -> Bytes {
        const auto users = problem.users.of(item);
        const bool shared = component[users.front()] != component[users.back()] ||
                            std::ranges::any_of(users, [&](Index u) { return component[u] != component[users[0]]; });
        if (shared) return -2 - item;
        return private_items.emplace(item, static_cast<Bytes>(private_items.size())).first->second;
    };
    for (const Index op : ops) {
        words.push_back(problem.scratch[op]);
        for (const Index next : problem.after.of(op)) words.push_back(place[next]);
        words.push_back(kEnd);
        for (const Index item : problem.items.of(op)) {
            words.push_back(item_word(item));
            words.push_back(problem.size[item]);
            words.push_back(problem.first[item] * 2 + problem.last[item]);
        }
        words.push_back(kEnd);
        for (const InPlace& option : problem.in_place.of(op)) {
            words.push_back(option.bytes);
            for (const Index item : option.items) words.push_back(item_word(item));
            words.push_back(kEnd);
        }
        words.push_back(kEnd);
    }
    return words;
}

}  // namespace

Components find_components(const OrderProblem& problem, bool twins) {
    const Index count = problem.count();
    Components found{std::vector<Index>(count, -1), {}, std::vector<Index>(count, 0)};
    std::map<std::vector<Bytes>, Index> classes;
    std::vector<std::vector<Index>> members;
    for (Index op = 0; op < count; ++op) {
        if (found.of_operator[op] >= 0) continue;
        const Index number = static_cast<Index>(members.size());
        auto& ops = members.emplace_back(1, op);
        found.of_operator[op] = number;
        for (std::size_t at = 0; at < ops.size(); ++at) {
            const Index current = ops[at];
            for (const Lists* lists : {&problem.after, &problem.before})
                for (const Index next : lists->of(current))
                    if (found.of_operator[next] < 0) {
                        found.of_operator[next] = number;
                        ops.push_back(next);
                    }
        }
        std::ranges::sort(ops);
        for (std::size_t at = 0; at < ops.size(); ++at) found.place[ops[at]] = static_cast<Index>(at);
    }
    found.of_class.resize(members.size());
    std::iota(found.of_class.begin(), found.of_class.end(), 0);
    if (twins && members.size() > 1)
        for (std::size_t number = 0; number < members.size(); ++number) {
            auto words = signature(problem, members[number], found.of_operator, found.place);
            found.of_class[number] = classes.emplace(std::move(words), static_cast<Index>(number)).first->second;
        }
    return found;
}

SetKeys::SetKeys(const OrderProblem& problem, bool twins)
    : components_(find_components(problem, twins)), of_op_(problem.count()), component_(components_.of_class.size()) {
    std::map<Index, std::vector<SetKey>> of_class;
    Random random(0x746d70617373);
    const auto draw = [&random] { return SetKey{random.next(), random.next()}; };
    for (std::size_t number = 0; number < component_.size(); ++number) {
        const Index kind = components_.of_class[number];
        component_[number] = kind == static_cast<Index>(number) ? draw() : component_[kind];
        for (int i = 0; i < 2; ++i) sum_[i] += mixed(component_[number][i]);
    }
    for (Index op = 0; op < problem.count(); ++op) {
        auto& keys = of_class[components_.of_class[components_.of_operator[op]]];
        const auto place = static_cast<std::size_t>(components_.place[op]);
        while (keys.size() <= place) keys.push_back(draw());
        of_op_[op] = keys[place];
    }
}

}  // namespace tmpass::ordering
