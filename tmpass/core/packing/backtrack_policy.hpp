// Where telamalloc goes back to when placements contradict each other.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

// Features of a dead end. They are cheap, since a policy may be asked thousands of times a second.
struct DeadEnd {
    std::span<const Index> conflict;        // depths of the placements that cannot be together, rising; never empty
    Index depth;                            // buffers that are placed
    std::span<const std::int64_t> returns;  // per depth: the number of times that the search went back to it
    std::span<const Bytes> sizes;           // per depth: of the buffer placed there
    Bytes unplaced;                         // sum of the sizes of all unplaced buffers
};

// target(dead_end) is a depth of 0 .. depth - 1: that placement and all later ones are taken back. At the last of the
// conflict or above nothing is lost, since the refutation is recorded. Further back the placements are only forgotten;
// a policy that goes there must do so ever more rarely, or nothing is ever proved.
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

}  // namespace tmpass::packing
