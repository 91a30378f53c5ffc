#include "residency/transfer_state.hpp"

#include <algorithm>
#include <bit>

namespace tmpass::residency {
namespace {

void insert_rising(std::vector<Index>& values, Index value) {
    values.insert(std::ranges::lower_bound(values, value), value);
}

void erase_rising(std::vector<Index>& values, Index value) { values.erase(std::ranges::lower_bound(values, value)); }

}  // namespace

TransferState::TransferState(const FreeOrderProblem& problem)
    : problem_(&problem), ran_((problem.count() + 63) / 64, 0), level_(problem.item_count(), kAbsent) {
    for (Index op = 0; op < problem.count(); ++op)
        if (problem.before.of(op).empty()) ready_.push_back(op);
}

bool TransferState::ends_with(Index item, Index op) const {
    return std::ranges::all_of(problem_->readers.of(item),
                               [&](Index reader) { return reader == op || has_run(reader); });
}

Bytes TransferState::during(Index op) const {
    Bytes bytes = resident_ + problem_->own[op] - problem_->saved(op, [&](Index item) { return ends_with(item, op); });
    for (const Index item : problem_->reads.of(op))
        if (level_[item] >= kAway) bytes += problem_->room[item];
    for (const Index item : problem_->makes.of(op)) bytes += problem_->room[item];
    return bytes;
}

Bytes TransferState::send_away(Index item) {
    const Bytes cost = (kAway - level_[item]) * problem_->size[item];
    level_[item] = kAway;
    resident_ -= problem_->room[item];
    return cost;
}

void TransferState::run(Index op) {
    const FreeOrderProblem& p = *problem_;
    for (const Index item : p.reads.of(op)) {
        const bool over = ends_with(item, op);
        if (level_[item] == kAbsent && !over) insert_rising(alive_, item);
        if (level_[item] <= kCopied && over) resident_ -= p.room[item];
        if (level_[item] >= kAway && !over) resident_ += p.room[item];
        if (over) {
            erase_rising(alive_, item);
            level_[item] = kAbsent;
        } else if (level_[item] >= kAway) {
            level_[item] = kCopied;
        }
    }
    for (const Index item : p.makes.of(op)) {
        insert_rising(alive_, item);
        level_[item] = p.kept[item] ? kCopied : kDirty;
        resident_ += p.room[item];
    }
    ran_[op >> 6] |= std::uint64_t{1} << (op & 63);
    ++done_;
    erase_rising(ready_, op);
    for (const Index next : p.after.of(op))
        if (std::ranges::all_of(p.before.of(next), [&](Index earlier) { return has_run(earlier); }))
            insert_rising(ready_, next);
}

void TransferState::restore(std::span<const std::uint64_t> ran, std::span<const Index> ready,
                            std::span<const Index> alive, std::span<const Level> levels) {
    for (const Index item : alive_) level_[item] = kAbsent;
    ran_.assign(ran.begin(), ran.end());
    ready_.assign(ready.begin(), ready.end());
    alive_.assign(alive.begin(), alive.end());
    done_ = 0;
    for (const std::uint64_t word : ran_) done_ += std::popcount(word);
    resident_ = 0;
    for (std::size_t i = 0; i < alive_.size(); ++i) {
        level_[alive_[i]] = levels[i];
        if (levels[i] != kAway) resident_ += problem_->room[alive_[i]];
    }
}

}  // namespace tmpass::residency
