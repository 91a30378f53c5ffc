#include "residency/free_chains.hpp"

#include <algorithm>

namespace tmpass::residency {
namespace {

constexpr std::size_t kLongest = 64;
constexpr Index kNoItem = -1;

class ChainWalk {
  public:
    ChainWalk(const TransferState& state, const FreeOrderProblem& problem, Chains chains)
        : state_(state), problem_(problem), lossless_(chains == Chains::kLossless) {}

    // Whether a chain that begins with `op` counts; then ops() has it.
    bool counts_from(Index op) {
        ops_.clear();
        ended_.clear();
        line_ = kNoItem;
        resident_ = state_.resident();
        while (ops_.size() < kLongest) {
            if (!step(op)) return false;
            if (lossless_ ? line_ == kNoItem || replaces() : resident_ <= state_.resident()) return true;
            if (line_ == kNoItem) return false;
            const auto readers = problem_.readers.of(line_);
            if (readers.size() != 1 || !can_follow(readers[0])) return false;
            op = readers[0];
        }
        return false;
    }

    std::vector<Index>& ops() { return ops_; }

  private:
    // An item that ended, or the least of one and of what the chain made after it.
    struct Ended {
        Bytes leaving, room;
    };

    Bytes leaving(Index item, Level level) const { return (kAway - level) * problem_.size[item]; }
    Ended made() const { return {leaving(line_, problem_.kept[line_] ? kCopied : kDirty), problem_.room[line_]}; }

    bool replaces() const {
        const Ended last = made();
        return std::ranges::any_of(
            ended_, [&](const Ended& old) { return old.leaving >= last.leaving && old.room >= last.room; });
    }

    // Runs `op` in thought.
    bool step(Index op) {
        if (line_ != kNoItem) {
            const Ended line = made();
            for (Ended& old : ended_) old = {std::min(old.leaving, line.leaving), std::min(old.room, line.room)};
        }
        Bytes fetched = 0, freed = 0, room = 0;
        for (const Index item : problem_.reads.of(op)) {
            const bool ends = item == line_ || state_.ends_with(item, op);
            if (ends) freed += problem_.room[item];
            if (item == line_) continue;
            const Level level = state_.level(item);
            if (level >= kAway) {
                if (!ends && lossless_) return false;
                fetched += problem_.room[item];
            } else if (ends) {
                ended_.push_back({leaving(item, level), problem_.room[item]});
            }
        }
        const auto makes = problem_.makes.of(op);
        for (const Index item : makes) room += problem_.room[item];
        const Bytes saved = problem_.saved(op, [&](Index item) { return item == line_ || state_.ends_with(item, op); });
        const Bytes during = resident_ + fetched + room + problem_.own[op] - saved;
        if (makes.size() > 1 || during > problem_.capacity) return false;
        resident_ += fetched + room - freed;
        line_ = makes.empty() ? kNoItem : makes[0];
        ops_.push_back(op);
        return true;
    }

    bool can_follow(Index op) const {
        return std::ranges::all_of(problem_.before.of(op), [&](Index earlier) {
            return state_.has_run(earlier) || std::ranges::find(ops_, earlier) != ops_.end();
        });
    }

    const TransferState& state_;
    const FreeOrderProblem& problem_;
    const bool lossless_;
    std::vector<Index> ops_;
    std::vector<Ended> ended_;
    Index line_ = kNoItem;  // the item that the chain goes on with
    Bytes resident_ = 0;
};

}  // namespace

std::vector<Index> free_chain(const TransferState& state, const FreeOrderProblem& problem, Chains chains) {
    if (chains == Chains::kNone) return {};
    ChainWalk walk(state, problem, chains);
    for (const Index op : state.ready())
        if (walk.counts_from(op)) return std::move(walk.ops());
    return {};
}

}  // namespace tmpass::residency
