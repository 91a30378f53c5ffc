// Where to go back to when placements contradict each other.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "problem.hpp"

namespace tmpass {

// What is known of a dead end; cheap to make, for a policy may be asked thousands of times a second.
struct DeadEnd {
    std::span<const Index> conflict;        // depths of the placements that cannot be together, rising; never empty
    Index depth;                            // how many are placed
    std::span<const std::int64_t> returns;  // per depth: how often the search went back to it
    std::span<const Bytes> sizes;           // per depth: of the buffer placed there
    Bytes unplaced;                         // the size of what is not placed yet, all in all
};

// target(dead_end) is a depth of 0 .. depth - 1; that placement and all later ones are taken back. At or above the last
// of the conflict nothing is lost: what is refuted is noted. Further back the placements are only forgotten; a policy
// that does so must do it ever more rarely, or nothing is ever proved.
class BacktrackPolicy {
  public:
    virtual ~BacktrackPolicy() = default;
    virtual Index target(const DeadEnd& dead_end) = 0;
};

enum class Backtracking {
    kConflict = 0,      // to the last placement that took part, further when stuck
    kChronological = 1  // to the last placement
};

std::unique_ptr<BacktrackPolicy> make_policy(Backtracking kind);

}  // namespace tmpass
