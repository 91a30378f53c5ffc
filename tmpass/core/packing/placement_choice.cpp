#include "packing/placement_choice.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

namespace tmpass::packing {

PlacementChoice::PlacementChoice(const ConstraintModel& model, std::uint64_t seed)
    : model_(model),
      random_(seed),
      weight_(model.count(), kBaseWeight),
      rank_(model.count()),
      factor_(model.sections()),
      phases_(model.sections()) {
    std::vector<Bytes> load(model.sections(), 0);
    for (Index s = 0; s < model.sections(); ++s)
        for (const Stretch& member : model.section(s)) load[s] += member.size;
    std::iota(phases_.begin(), phases_.end(), 0);
    std::ranges::stable_sort(phases_, std::greater<>(), [&](Index s) { return load[s]; });
}

void PlacementChoice::begin_attempt() {
    ++attempt_;
    for (auto& weight : weight_) weight -= (weight - kBaseWeight) / 4;  // what failed long ago matters less
    const std::int64_t noise = std::min(4 * (attempt_ / 3), kMaxNoise);
    const auto varied = [&] { return noise ? 256 - noise + random_.below(2 * noise + 1) : 256; };
    for (auto& factor : factor_) factor = varied();
    std::vector<std::tuple<double, Step, Bytes, Index>> keys;
    for (Index b = 0; b < model_.count(); ++b) {
        const Step width = model_.upper[b] - model_.lower[b];
        const auto lifetime = static_cast<double>(width), size = static_cast<double>(model_.size[b]);
        const std::array by = {lifetime, lifetime * size, size};
        keys.emplace_back(-by[attempt_ / 3 % 3] * static_cast<double>(varied()), -width, -model_.size[b], b);
    }
    std::ranges::sort(keys);
    for (std::size_t i = 0; i < keys.size(); ++i) rank_[std::get<3>(keys[i])] = static_cast<Index>(i);
}

Index PlacementChoice::choose(const ConstraintSolver& solver) {
    // The narrowest section has proved best by far on MiniMalloc's problems; the others come now and then, for the
    // problems on which it is not.
    constexpr std::array kTurns = {Place::kNarrowest, Place::kNarrowest, Place::kLowest, Place::kNarrowest,
                                   Place::kNarrowest, Place::kNarrowest, Place::kLowest, Place::kContended};
    const Place place = kTurns[attempt_ % kTurns.size()];
    Index chosen = choose_at(place, solver);
    if (chosen < 0 && left_out_ >= 0) {
        left_out_ = -1;
        chosen = choose_at(place, solver);
    }
    left_out_ = -1;
    return chosen;
}

Index PlacementChoice::choose_at(Place place, const ConstraintSolver& solver) {
    work_ += place == Place::kLowest ? model_.count() : static_cast<std::int64_t>(model_.stretches.size());
    if (place == Place::kNarrowest) return in_narrowest(solver);
    return place == Place::kLowest ? lowest(solver) : in_contended(solver);
}

Index PlacementChoice::in_contended(const ConstraintSolver& solver) const {
    for (const Index s : phases_) {
        Index best = -1;
        for (const Stretch& member : model_.section(s)) {
            const Index b = member.owner;
            if (b == model_.count() || !open(solver, b)) continue;
            if (best < 0 || std::pair(-weight_[b], rank_[b]) < std::pair(-weight_[best], rank_[best])) best = b;
        }
        if (best >= 0) return below(solver, best);
    }
    return -1;
}

Index PlacementChoice::in_narrowest(const ConstraintSolver& solver) const {
    Index narrowest = -1;
    std::int64_t fewest = 0, heaviest = 1;
    for (Index s = 0; s < model_.sections(); ++s) {
        Bytes sum = 0, least_top = kAlways;
        std::int64_t weight = 0, firsts = 0;
        const auto is_open = [&](const Stretch& member) {
            return member.owner != model_.count() && open(solver, member.owner);
        };
        for (const Stretch& member : model_.section(s)) {
            if (!is_open(member)) continue;
            sum += member.size;
            least_top = std::min(least_top, solver.low(member.owner) + member.shift + member.size);
            weight += weight_[member.owner];
        }
        if (least_top == kAlways) continue;
        const Bytes latest = std::min(model_.capacity - sum, least_top - 1);
        for (const Stretch& member : model_.section(s))
            if (is_open(member) && solver.low(member.owner) + member.shift <= latest) firsts += factor_[s];
        if (narrowest < 0 || firsts * heaviest < fewest * weight) {
            narrowest = s;
            fewest = firsts;
            heaviest = weight;
        }
    }
    return narrowest < 0 ? -1 : pick(solver, narrowest);
}

Index PlacementChoice::lowest(const ConstraintSolver& solver) const {
    Index best = -1;
    for (Index b = 0; b < model_.count(); ++b)
        if (open(solver, b) && (best < 0 || lower(solver, b, best))) best = b;
    return best;
}

Index PlacementChoice::pick(const ConstraintSolver& solver, Index section) const {
    Index best = -1;
    for (const Stretch& member : model_.section(section)) {
        const Index b = member.owner;
        if (b != model_.count() && open(solver, b) && (best < 0 || lower(solver, b, best))) best = b;
    }
    return below(solver, best);
}

// A buffer that still fits below b, and so on down: room that is left below a placed buffer is hard to use.
Index PlacementChoice::below(const ConstraintSolver& solver, Index b) const {
    for (Index best = b;;) {
        for (Index edge = model_.neighbour_start[b]; edge < model_.neighbour_start[b + 1]; ++edge) {
            const Index other = model_.neighbours[edge].other;
            if (open(solver, other) && solver.low(other) + model_.size[other] <= solver.low(b) &&
                (best == b || lower(solver, other, best)))
                best = other;
        }
        if (best == b) return b;
        b = best;
    }
}

bool PlacementChoice::lower(const ConstraintSolver& solver, Index a, Index b) const {
    return std::pair(solver.low(a), rank_[a]) < std::pair(solver.low(b), rank_[b]);
}

}  // namespace tmpass::packing
