#include "packing/decision_log.hpp"

#include <algorithm>

namespace tmpass::packing {

DecisionLog::DecisionLog(const ConstraintModel& model)
    : model_(model), contention_(model.count(), 0), returns_(model.count() + 1, 0) {
    for (Index s = 0; s < model.sections(); ++s) {
        Bytes sum = 0;
        for (const Stretch& member : model.section(s)) sum += member.size;
        most_bytes_ = std::max(most_bytes_, sum);
        for (const Stretch& member : model.section(s))
            if (member.owner < model.count()) contention_[member.owner] = std::max(contention_[member.owner], sum);
    }
    double area = 0;
    Step first = model.count() ? model.lower[0] : 0, last = first;
    for (Index b = 0; b < model.count(); ++b) {
        first = std::min(first, model.lower[b]);
        last = std::max(last, model.upper[b]);
        bytes_ += model.size[b];
        area += static_cast<double>(model.size[b]) * static_cast<double>(model.upper[b] - model.lower[b]);
    }
    horizon_ = std::max<Step>(last - first, 1);
    filling_ = area / (static_cast<double>(horizon_) * static_cast<double>(std::max<Bytes>(model.capacity, 1)));
    unplaced_ = bytes_;
}

void DecisionLog::add(Index buffer, Bytes offset, Bytes room) {
    unplaced_ -= model_.size[buffer];
    const Index depth = this->depth();
    decisions_.push_back({.buffer = buffer,
                          .offset = offset,
                          .room = room,
                          .before = dead_ends_,
                          .deepest = depth,
                          .shallowest = model_.count()});
}

void DecisionLog::count_dead_end(std::span<const Index> conflict) {
    ++dead_ends_;
    for (const Index depth : conflict) ++decisions_[depth].conflicts;
}

void DecisionLog::return_to(Index depth, bool forgotten) {
    ++returns_[depth];
    attempts_ += forgotten;
    while (this->depth() > depth) {
        const Decision last = decisions_.back();
        decisions_.pop_back();
        unplaced_ += model_.size[last.buffer];
        if (decisions_.empty()) break;
        decisions_.back().deepest = std::max(decisions_.back().deepest, last.deepest);
        decisions_.back().shallowest = std::min(decisions_.back().shallowest, last.shallowest);
    }
    if (!decisions_.empty()) decisions_.back().shallowest = std::min(decisions_.back().shallowest, depth);
}

}  // namespace tmpass::packing
