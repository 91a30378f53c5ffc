#include "packing/backtrack_policy.hpp"

#include "packing/dead_end_features.hpp"

namespace tmpass::packing {
namespace {

// Back to the start after 128 dead ends, and then ever more rarely.
class Escapes {
  public:
    bool due() {
        if (++dead_ends_ < patience_) return false;
        patience_ += patience_ / 10;
        dead_ends_ = 0;
        return true;
    }
    void at_start() { dead_ends_ = 0; }

  private:
    std::int64_t dead_ends_ = 0, patience_ = 128;
};

// To the last placement that took part; where dead ends go on, back to the start.
class ToConflict final : public BacktrackPolicy {
  public:
    Index target(const DeadEnd& dead_end) override { return escapes_.due() ? 0 : dead_end.conflict.back(); }

  private:
    Escapes escapes_;
};

class ToLast final : public BacktrackPolicy {
  public:
    Index target(const DeadEnd& dead_end) override { return dead_end.log.depth() - 1; }
};

// As ToConflict, and now and then to the first placement that the trees call wrong. Few dead ends say little: with a
// look after 32 of them fewer problems are solved within a thousand nodes than without trees. Jumps do not put off the
// escapes. Where they did, the search stayed with a wrong beginning, and solved less than without trees.
class Learned final : public BacktrackPolicy {
  public:
    explicit Learned(const LearnedBacktracking& learned) : learned_(learned) {}

    Index target(const DeadEnd& dead_end) override {
        const bool look = ++dead_ends_ >= patience_;
        if (look) dead_ends_ = 0;
        const Index named = look ? first_wrong(dead_end) : dead_end.conflict.back();
        if (named < dead_end.conflict.back()) ++patience_;
        const Index target = escapes_.due() ? 0 : named;
        if (target == 0) escapes_.at_start();
        if (target < dead_end.conflict.back()) dead_ends_ = 0;
        return target;
    }

  private:
    Index first_wrong(const DeadEnd& dead_end) const {
        const std::vector<Index> depths = choices(dead_end);
        const std::vector<FeatureRow> rows = describe(dead_end, depths);
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (learned_.trees.score(rows[i]) >= learned_.threshold) return depths[i];
        return dead_end.conflict.back();
    }

    const LearnedBacktracking& learned_;
    Escapes escapes_;
    std::int64_t dead_ends_ = 0, patience_ = 64;
};

}  // namespace

std::unique_ptr<BacktrackPolicy> make_policy(Backtracking kind, const LearnedBacktracking* learned) {
    if (learned != nullptr) return std::make_unique<Learned>(*learned);
    if (kind == Backtracking::kChronological) return std::make_unique<ToLast>();
    return std::make_unique<ToConflict>();
}

void record(const DeadEnd& dead_end, DeadEndRecorder& recorder) {
    if (++recorder.seen % recorder.every != 0 || recorder.records.size() >= recorder.most) return;
    DeadEndRecord& made = recorder.records.emplace_back();
    for (const Decision& decision : dead_end.log.decisions()) {
        made.buffers.push_back(dead_end.log.model().origin[decision.buffer]);
        made.offsets.push_back(decision.offset);
    }
    made.last = dead_end.conflict.back();
    made.depths = choices(dead_end);
    for (const FeatureRow& row : describe(dead_end, made.depths))
        made.features.insert(made.features.end(), row.begin(), row.end());
}

}  // namespace tmpass::packing
