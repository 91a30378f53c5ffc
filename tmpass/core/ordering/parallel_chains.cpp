#include "ordering/parallel_chains.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

namespace tmpass::ordering {

namespace {

constexpr Index kMaxOperators = 4096;  // above it, ancestors are not tabulated

// A row of bits for each operator: the operators that come before it.
class Ancestors {
  public:
    explicit Ancestors(const OrderProblem& problem)
        : words_((problem.count() + 63) / 64), bits_(static_cast<std::size_t>(words_) * problem.count()) {
        for (const Index op : find_cuts(problem).order)
            for (const Index earlier : problem.before.of(op)) {
                for (Index w = 0; w < words_; ++w) row(op)[w] |= row(earlier)[w];
                row(op)[earlier / 64] |= std::uint64_t{1} << (earlier % 64);
            }
    }
    bool before(Index earlier, Index op) const {
        return bits_[static_cast<std::size_t>(words_) * op + earlier / 64] >> (earlier % 64) & 1;
    }

  private:
    std::uint64_t* row(Index op) { return bits_.data() + static_cast<std::size_t>(words_) * op; }

    Index words_;
    std::vector<std::uint64_t> bits_;
};

// `op` and the operators that follow it, each of which waits only for the one before.
std::vector<Index> chain_from(const OrderProblem& problem, Index op) {
    std::vector<Index> chain{op};
    while (problem.after.of(chain.back()).size() == 1) {
        const Index next = problem.after.of(chain.back()).front();
        if (problem.before.of(next).size() != 1) break;
        chain.push_back(next);
    }
    return chain;
}

// Bytes alive after each operator of a chain and while it runs, less the bytes alive before the chain.
struct HillProfile {
    std::vector<Bytes> after, during;
};

}  // namespace

ParallelChains::ParallelChains(const OrderProblem& problem)
    : group_(problem.count(), -1), rises_(problem.count(), 0), key_(problem.count(), 0) {
    if (problem.count() > kMaxOperators) return;
    const Ancestors ancestors(problem);
    std::map<std::vector<Index>, Index> groups;
    std::vector<Index> place(problem.count(), -1);  // in the chain at hand
    for (Index op = 0; op < problem.count(); ++op) {
        const std::vector<Index> chain = chain_from(problem, op);
        for (std::size_t i = 0; i < chain.size(); ++i) place[chain[i]] = static_cast<Index>(i);
        HillProfile profile;
        Bytes live = 0;
        bool fixed = true;  // the bytes that each adds and frees do not depend on what else ran
        for (std::size_t i = 0; i < chain.size() && fixed; ++i) {
            const Index at = static_cast<Index>(i);
            const auto ends_here = [&](Index item) {
                return !problem.last[item] && std::ranges::all_of(problem.users.of(item), [&](Index user) {
                    return place[user] >= 0 ? place[user] <= at : ancestors.before(user, op);
                });
            };
            Bytes born = 0, freed = 0;
            for (const Index item : problem.items.of(chain[i])) {
                bool first_user = !problem.first[item];
                for (const Index user : problem.users.of(item)) {
                    const bool earlier = place[user] >= 0 ? place[user] < at : ancestors.before(user, op);
                    first_user = first_user && !earlier;
                    fixed = fixed && (place[user] >= 0 || earlier || ancestors.before(chain.back(), user));
                }
                if (first_user) born += problem.size[item];
                if (ends_here(item)) freed += problem.size[item];
            }
            const Bytes saved = saved_in_place(problem, problem.in_place.of(chain[i]), ends_here);
            profile.during.push_back(live + born + problem.scratch[chain[i]] - saved);
            live += born - freed;
            profile.after.push_back(live);
        }
        for (const Index member : chain) place[member] = -1;
        if (!fixed) continue;
        const auto following = problem.after.of(chain.back());
        group_[op] =
            groups.try_emplace({following.begin(), following.end()}, static_cast<Index>(groups.size())).first->second;
        const auto falls = std::ranges::find_if(profile.after, [](Bytes bytes) { return bytes <= 0; });
        rises_[op] = falls == profile.after.end();
        const auto hill = profile.during.begin();
        if (!rises_[op]) {
            key_[op] = *std::max_element(hill, hill + (falls - profile.after.begin()) + 1);
        } else {
            const auto top = std::ranges::max_element(profile.during);
            const Bytes valley = *std::min_element(profile.after.begin() + (top - hill), profile.after.end());
            key_[op] = valley - *top;
        }
    }
}

}  // namespace tmpass::ordering
