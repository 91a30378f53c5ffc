// Which buffer telamalloc places next.
#pragma once

#include <vector>

#include "packing/constraint_solver.hpp"
#include "random.hpp"

namespace tmpass {

// Candidates by rank, from one of three places. Attempts take turns with them, and with what they rank by.
//
//     fullest      phases: the section with the most bytes first, whole, then the next (TelaMalloc's contention)
//     narrowest    the section where the fewest can be the lowest, those where placements failed counting as narrower
//     lowest       whoever can have the lowest offset
class Candidates {
  public:
    Candidates(const ConstraintModel& model, std::uint64_t seed);

    // A new attempt; every one but the first few is shaken a little.
    void begin_attempt();

    // Those that took part in a dead end come earlier from now on.
    void blame(Index b) { weight_[b] += kBlame; }

    // Who is to be placed next; -1 if all have their offsets.
    Index choose(const Solver& solver);

    std::int64_t work() const { return work_; }

  private:
    enum class Place { kFullest, kNarrowest, kLowest };

    static constexpr std::int64_t kInnocent = 64, kBlame = 16, kMostNoise = 48;

    Index in_fullest(const Solver& solver) const;
    Index in_narrowest(const Solver& solver) const;
    Index lowest(const Solver& solver) const;
    Index pick(const Solver& solver, Index section) const;
    Index below(const Solver& solver, Index b) const;
    bool lower(const Solver& solver, Index a, Index b) const;

    const ConstraintModel& model_;
    Random random_;
    std::int64_t attempt_ = -1, work_ = 0;
    std::vector<std::int64_t> weight_;  // per buffer
    std::vector<Index> rank_;           // per buffer, in this attempt
    std::vector<std::int64_t> factor_;  // per section, around 256, in this attempt
    std::vector<Index> phases_;         // sections, the fullest first
};

}  // namespace tmpass
