// What telamalloc remembers of its placements: what a policy of backtracking can see of them.
#pragma once

#include <span>
#include <vector>

#include "packing/constraint_model.hpp"

namespace tmpass::packing {

// A placement that holds.
struct Decision {
    Index buffer;  // of the model
    Bytes offset;
    Bytes room;                  // how much higher it could have been
    Index consequences = 0;      // bounds that it changed
    std::int64_t before;         // dead ends of the search before it
    std::int64_t conflicts = 0;  // dead ends since then in which it took part
    Index deepest, shallowest;   // of the depths reached, and of those gone back to, while it was the last; see reach()
};

// Invariant: decisions() are the placements of the solver, by depth.
class DecisionLog {
  public:
    explicit DecisionLog(const ConstraintModel& model);

    void add(Index buffer, Bytes offset, Bytes room);
    void set_consequences(Index events) { decisions_.back().consequences = events; }

    // A contradiction of the placements of these depths.
    void count_dead_end(std::span<const Index> conflict);

    // Takes back the placements from `depth` on. `forgotten`: and what was refuted there.
    void return_to(Index depth, bool forgotten);

    const ConstraintModel& model() const { return model_; }
    std::span<const Decision> decisions() const { return decisions_; }
    Index depth() const { return static_cast<Index>(decisions_.size()); }
    Bytes contention(Index buffer) const { return contention_[buffer]; }  // most bytes of a section that it is in
    Bytes most_bytes() const { return most_bytes_; }                      // of a section
    Step horizon() const { return horizon_; }
    Bytes bytes() const { return bytes_; }        // of all buffers
    Bytes unplaced() const { return unplaced_; }  // of those without an offset
    double filling() const { return filling_; }   // live bytes over capacity, as a mean over all steps
    std::int64_t dead_ends() const { return dead_ends_; }
    std::int64_t attempts() const { return attempts_; }                     // times that refutations were forgotten
    std::int64_t returns_to(Index depth) const { return returns_[depth]; }  // of all times

  private:
    const ConstraintModel& model_;
    std::vector<Decision> decisions_;
    std::vector<Bytes> contention_;
    std::vector<std::int64_t> returns_;  // per depth
    Bytes most_bytes_ = 0, bytes_ = 0, unplaced_ = 0;
    Step horizon_ = 0;
    double filling_ = 0;
    std::int64_t dead_ends_ = 0, attempts_ = 0;
};

}  // namespace tmpass::packing
