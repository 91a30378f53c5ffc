#include "packing/backtrack_policy.hpp"

namespace tmpass::packing {
namespace {

// To the last placement that took part; where dead ends go on, back to the start.
class ToConflict final : public BacktrackPolicy {
  public:
    Index target(const DeadEnd& dead_end) override {
        if (++dead_ends_ < patience_) return dead_end.conflict.back();
        dead_ends_ = 0;
        patience_ += patience_ / 10;
        return 0;
    }

  private:
    std::int64_t dead_ends_ = 0, patience_ = 128;
};

class ToLast final : public BacktrackPolicy {
  public:
    Index target(const DeadEnd& dead_end) override { return dead_end.depth - 1; }
};

}  // namespace

std::unique_ptr<BacktrackPolicy> make_policy(Backtracking kind) {
    if (kind == Backtracking::kChronological) return std::make_unique<ToLast>();
    return std::make_unique<ToConflict>();
}

}  // namespace tmpass::packing
