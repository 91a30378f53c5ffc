// Where telamalloc goes back to when placements contradict each other.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "packing/decision_log.hpp"
#include "packing/decision_trees.hpp"

namespace tmpass::packing {

// A policy may be asked thousands of times a second, so what it looks at has to be cheap.
struct DeadEnd {
    std::span<const Index> conflict;  // depths of the placements that cannot be together, rising; never empty
    const DecisionLog& log;           // the placements, the last dead end included
};

// target(dead_end) is a depth below that of the log: that placement and all later ones are taken back. At the last of
// the conflict or above nothing is lost, since the refutation is recorded. Further back the placements are only
// forgotten; a policy that goes there must do so ever more rarely, or nothing is ever proved.
class BacktrackPolicy {
  public:
    virtual ~BacktrackPolicy() = default;
    virtual Index target(const DeadEnd& dead_end) = 0;
};

enum class Backtracking {
    kConflict = 0,      // to the last placement that took part, further when stuck
    kChronological = 1  // to the last placement
};

// Trees that score how sure it is that a placement, with those before it, has no packing, and from which score on the
// search goes back to it.
struct LearnedBacktracking {
    DecisionTrees trees;
    float threshold;
};

// A dead end for learning: the placements that held, and the choices of going back with their features.
struct DeadEndRecord {
    std::vector<Index> buffers;  // in the whole problem, by depth
    std::vector<Bytes> offsets;
    Index last;  // of the conflict
    std::vector<Index> depths;
    std::vector<float> features;  // a row for each of the depths
};

// What dead ends to record: one in `every`, `most` at most.
struct DeadEndRecorder {
    std::int64_t every;
    std::size_t most;
    std::vector<DeadEndRecord> records;
    std::int64_t seen = 0;
};

// With trees the policy is learned, and `kind` what it falls back to. `learned` may be null.
std::unique_ptr<BacktrackPolicy> make_policy(Backtracking kind, const LearnedBacktracking* learned);

// Adds the dead end to the recorder if it is its turn.
void record(const DeadEnd& dead_end, DeadEndRecorder& recorder);

}  // namespace tmpass::packing
