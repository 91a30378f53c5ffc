#include "residency/peak_ahead.hpp"

#include <algorithm>

#include "random.hpp"

namespace tmpass::residency {

PeakAhead::PeakAhead(const FreeOrderProblem& problem, std::int64_t limit)
    : problem_(problem), left_over_(problem.count() <= kMostOperators ? limit : 0) {
    Random random(1);
    for (Index op = 0; op < problem.count(); ++op) {
        const std::uint64_t first = random.next();
        keys_.emplace_back(first, random.next());
    }
}

Bytes PeakAhead::least(const TransferState& state) {
    key_ = {0, 0};
    for (Index op = 0; op < problem_.count(); ++op)
        if (state.has_run(op)) flip(op);
    Known& known = known_[key_];
    if (known.low >= known.high || left_over_ <= 0) return known.low;
    take_over(state);
    while (known.low < known.high && left_over_ > 0)
        if (reaches(known.low)) known.low = known.high;
    return known.low;
}

void PeakAhead::take_over(const TransferState& state) {
    done_ = state.done();
    live_ = 0;
    ready_ = state.ready();
    waiting_.assign(problem_.count(), 0);
    for (Index op = 0; op < problem_.count(); ++op)
        for (const Index earlier : problem_.before.of(op)) waiting_[op] += !state.has_run(earlier);
    unread_.assign(problem_.item_count(), 0);
    for (Index item = 0; item < problem_.item_count(); ++item)
        for (const Index reader : problem_.readers.of(item)) unread_[item] += !state.has_run(reader);
    for (const Index item : state.alive()) live_ += problem_.room[item];
}

PeakAhead::Step PeakAhead::step_of(Index op) const {
    Bytes born = 0, freed = 0, passing = problem_.own[op];
    for (const Index item : problem_.makes.of(op)) born += problem_.room[item];
    for (const Index item : problem_.reads.of(op)) {
        const bool unloaded = problem_.stored(item) && unread_[item] == std::ssize(problem_.readers.of(item));
        if (unloaded) born += problem_.room[item];
        if (unread_[item] == 1) freed += problem_.room[item];
    }
    passing -= problem_.saved(op, [&](Index item) { return unread_[item] == 1; });
    return {born - freed, live_ + born + passing, op};
}

std::vector<PeakAhead::Step> PeakAhead::steps() const {
    std::vector<Step> made;
    for (const Index op : ready_) made.push_back(step_of(op));
    std::ranges::sort(made);
    return made;
}

// Whether the peak from the present set on is at most `ceiling`. If not, its lower bound is above that afterwards,
// unless the limit was reached.
bool PeakAhead::reaches(Bytes ceiling) {
    Known& known = known_[key_];
    if (known.high <= ceiling) return true;
    if (known.low > ceiling) return false;
    if (done_ == problem_.count()) {
        known.high = known.low = 0;
        return true;
    }
    if (--left_over_ < 0) return false;
    Bytes low = kMaxBytes;
    bool found = false;
    for (const Step& step : steps()) {
        if (step.during > ceiling) {
            low = std::min(low, step.during);
            continue;
        }
        found = reaches_after(step, ceiling, low);
        // A step within the ceiling that leaves no more bytes alive loses nothing: it is the only one to try.
        if (found || left_over_ < 0 || step.change <= 0) break;
    }
    if (found) known.high = ceiling;
    if (!found && left_over_ >= 0) known.low = std::max(known.low, low);
    return found;
}

bool PeakAhead::reaches_after(const Step& step, Bytes ceiling, Bytes& low) {
    const std::vector<Index> ready = ready_;
    run(step.op, 1);
    live_ += step.change;
    const bool found = reaches(ceiling);
    const Bytes after = known_[key_].low;
    low = step.change <= 0 ? after : std::min(low, std::max(after, step.during));
    run(step.op, -1);
    live_ -= step.change;
    ready_ = ready;
    return found;
}

void PeakAhead::flip(Index op) {
    key_.first ^= keys_[op].first;
    key_.second ^= keys_[op].second;
}

void PeakAhead::run(Index op, Index by) {
    flip(op);
    done_ += by;
    for (const Index item : problem_.reads.of(op)) unread_[item] -= by;
    if (by > 0) ready_.erase(std::ranges::lower_bound(ready_, op));
    for (const Index next : problem_.after.of(op)) {
        waiting_[next] -= by;
        if (by > 0 && waiting_[next] == 0) ready_.insert(std::ranges::lower_bound(ready_, next), next);
    }
}

}  // namespace tmpass::residency
