// Chooses the buffer that telamalloc places next.
#pragma once

#include <vector>

#include "packing/constraint_solver.hpp"
#include "random.hpp"

namespace tmpass::packing {

// Candidates come from one of three places and are ranked. Attempts take turns with the places and with the ranks.
//
//     contended    phases: the section with the most bytes first, all of it, then the next (TelaMalloc's contention)
//     narrowest    the section where the fewest buffers can be lowest; those where placements failed count as narrower
//     lowest       the buffer that can have the lowest offset
class PlacementChoice {
  public:
    PlacementChoice(const ConstraintModel& model, std::uint64_t seed);

    // Begins another attempt. All but the first few vary the ranks a little, at random.
    void begin_attempt();

    // A buffer that took part in a dead end comes earlier from now on.
    void count_dead_end(Index b) { weight_[b] += kWeightPerDeadEnd; }

    // The next choice is another buffer than b, if there is one.
    void leave_out(Index b) { left_out_ = b; }

    // The buffer to place next; -1 if all have their offsets.
    Index choose(const ConstraintSolver& solver);

    std::int64_t work() const { return work_; }

  private:
    enum class Place { kContended, kNarrowest, kLowest };

    static constexpr std::int64_t kBaseWeight = 64, kWeightPerDeadEnd = 16, kMaxNoise = 48;

    Index choose_at(Place place, const ConstraintSolver& solver);
    bool open(const ConstraintSolver& solver, Index b) const { return b != left_out_ && !solver.decided(b); }
    Index in_contended(const ConstraintSolver& solver) const;
    Index in_narrowest(const ConstraintSolver& solver) const;
    Index lowest(const ConstraintSolver& solver) const;
    Index pick(const ConstraintSolver& solver, Index section) const;
    Index below(const ConstraintSolver& solver, Index b) const;
    bool lower(const ConstraintSolver& solver, Index a, Index b) const;

    const ConstraintModel& model_;
    Random random_;
    std::int64_t attempt_ = -1, work_ = 0;
    Index left_out_ = -1;
    std::vector<std::int64_t> weight_;  // per buffer
    std::vector<Index> rank_;           // per buffer, in this attempt
    std::vector<std::int64_t> factor_;  // per section, around 256, in this attempt
    std::vector<Index> phases_;         // sections, the most contended first
};

}  // namespace tmpass::packing
