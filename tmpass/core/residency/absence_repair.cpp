#include "residency/absence_repair.hpp"

#include <algorithm>
#include <numeric>

namespace tmpass::residency {
namespace {

class Repair {
  public:
    Repair(const AbsenceProblem& problem, const std::vector<std::int64_t>& price, std::vector<bool> taken)
        : problem_(problem),
          price_(price),
          taken_(problem.count(), false),
          rest_(problem.demand),
          across_(problem.rows()),
          copies_(problem.spill.size(), 0),
          followers_(problem.spill.size(), 0) {
        for (Index i = 0; i < problem_.count(); ++i)
            for (const Cover& cover : problem_.covers.of(i)) across_[cover.row].push_back(i);
        for (Index i = 0; i < problem_.count(); ++i)
            if (taken[i] && is_possible(i)) take(i);
    }

    AbsenceChoice run() {
        for (Index row = 0; row < problem_.rows(); ++row)
            while (rest_[row] > 0) cover(row);
        take_back();
        AbsenceChoice made{std::move(taken_), 0};
        std::vector<bool> paid(problem_.spill.size());
        for (Index i = 0; i < problem_.count(); ++i) {
            if (!made.taken[i]) continue;
            made.cost += problem_.fetch[i];
            const Index version = problem_.version[i];
            if (version < 0 || paid[version]) continue;
            paid[version] = true;
            made.cost += problem_.spill[version];
        }
        return made;
    }

  private:
    bool is_possible(Index i) const { return !problem_.follows[i] || copies_[problem_.version[i]] > 0; }

    // `count` is 1 where absence i is taken, and -1 where it is taken back.
    void change(Index i, int count) {
        taken_[i] = count > 0;
        for (const Cover& cover : problem_.covers.of(i)) rest_[cover.row] -= count * cover.bytes;
        if (problem_.version[i] >= 0) (problem_.follows[i] ? followers_ : copies_)[problem_.version[i]] += count;
    }

    void take(Index i) { change(i, 1); }

    // Takes the absence across a row that covers the most for its cost.
    void cover(Index row) {
        Index best = -1;
        std::int64_t best_cost = 0, best_worth = 0;
        for (const Index i : across_[row]) {
            if (taken_[i] || !is_possible(i)) continue;
            const Index version = problem_.version[i];
            const bool unpaid = version >= 0 && copies_[version] == 0;
            const std::int64_t cost = problem_.fetch[i] + (unpaid ? problem_.spill[version] : 0), worth = worth_of(i);
            if (best < 0 || static_cast<__int128>(cost) * best_worth < static_cast<__int128>(best_cost) * worth)
                best = i, best_cost = cost, best_worth = worth;
        }
        if (best >= 0) return take(best);
        for (const Index i : across_[row])
            if (!taken_[i]) return take_version(problem_.version[i]);
    }

    std::int64_t worth_of(Index i) const {
        std::int64_t worth = 0;
        for (const Cover& cover : problem_.covers.of(i))
            worth += (price_[cover.row] + 1) * std::clamp<Bytes>(rest_[cover.row], 0, cover.bytes);
        return worth;
    }

    // The first of a version makes the copy, so all others are possible then.
    void take_version(Index version) {
        for (Index i = 0; i < problem_.count(); ++i)
            if (problem_.version[i] == version && !taken_[i]) take(i);
    }

    // Takes absences back that no row needs, the dearest first.
    void take_back() {
        std::vector<Index> by(problem_.count());
        std::iota(by.begin(), by.end(), 0);
        std::ranges::stable_sort(by, [&](Index a, Index b) { return problem_.fetch[a] > problem_.fetch[b]; });
        for (const Index i : by) {
            const Index version = problem_.version[i];
            if (!taken_[i] || (version >= 0 && !problem_.follows[i] && followers_[version] > 0)) continue;
            const auto needed = [&](const Cover& cover) { return rest_[cover.row] + cover.bytes > 0; };
            if (std::ranges::none_of(problem_.covers.of(i), needed)) change(i, -1);
        }
    }

    const AbsenceProblem& problem_;
    const std::vector<std::int64_t>& price_;
    std::vector<bool> taken_;
    std::vector<Bytes> rest_;  // of each demand; below 0 where more is covered
    std::vector<std::vector<Index>> across_;
    std::vector<Index> copies_, followers_;  // of each version: absences that are taken, those that need a copy apart
};

}  // namespace

AbsenceChoice all_absences(const AbsenceProblem& problem) {
    AbsenceChoice made{std::vector<bool>(problem.count(), true), 0};
    for (const std::int64_t cost : problem.fetch) made.cost += cost;
    for (const std::int64_t cost : problem.spill) made.cost += cost;
    return made;
}

AbsenceChoice repaired(const AbsenceProblem& problem, const std::vector<std::int64_t>& price, std::vector<bool> taken) {
    return Repair(problem, price, std::move(taken)).run();
}

}  // namespace tmpass::residency
