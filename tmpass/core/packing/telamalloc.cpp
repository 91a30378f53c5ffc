#include "packing/telamalloc.hpp"

#include <algorithm>
#include <memory>

#include "packing/constraint_solver.hpp"
#include "packing/parts.hpp"
#include "packing/placement_choice.hpp"

namespace tmpass::packing {
namespace {

constexpr std::int64_t kWorkPerNode = 1 << 14;  // looks of the solver and of the choice: some 50 us
constexpr std::int64_t kNodesBetweenChecks = 256;
constexpr Bytes kMaxReach = Bytes{1} << 60;  // of offsets: the solver's sums stay below kAlways

class TelamallocSearch {
  public:
    TelamallocSearch(const ConstraintModel& model, const TelamallocOptions& options, std::int64_t& nodes,
                     const Interrupted& interrupted)
        : model_(model),
          policy_(make_policy(options.policy, options.learned)),
          recorder_(options.recorder),
          node_limit_(options.node_limit),
          nodes_(nodes),
          interrupted_(interrupted),
          solver_(model, options.climb, interrupted),
          choice_(model, options.seed),
          log_(model) {}

    Answer run() {
        allow_work();
        const bool possible = solver_.start();  // without a node left, what follows from the start may still decide
        if (solver_.gave_up()) return give_up();
        if (!possible) return Answer::kImpossible;
        choice_.begin_attempt();
        for (;;) {
            const Index b = choice_.choose(solver_);
            if (b < 0) return Answer::kFound;
            if (!afford()) return Answer::kBudgetEnded;
            for (bool holds = place(b); !holds;) {
                if (solver_.gave_up()) return give_up();
                if (solver_.conflict().empty()) return Answer::kImpossible;
                const Index last = solver_.conflict().back(), target = ask_policy();
                choice_.count_dead_end(solver_.placed_at(last));
                log_.return_to(target, target < last);
                if (target < last) {
                    if (target > 0) choice_.leave_out(solver_.placed_at(target));
                    solver_.undo(target);
                    choice_.begin_attempt();
                    break;
                }
                if (!afford()) return Answer::kBudgetEnded;
                holds = solver_.refute(target);
            }
        }
    }

    Bytes offset(Index b) const { return solver_.low(b); }

  private:
    bool place(Index b) {
        log_.add(b, solver_.low(b), solver_.high(b) - solver_.low(b));
        const Index before = solver_.events();
        const bool holds = solver_.place(b);
        log_.set_consequences(solver_.events() - before);
        return holds;
    }

    Index ask_policy() {
        log_.count_dead_end(solver_.conflict());
        const DeadEnd dead_end{solver_.conflict(), log_};
        if (recorder_ != nullptr) record(dead_end, *recorder_);
        return policy_->target(dead_end);
    }

    // Pays for one more placement or refutation, and for the work since the last; false when the budget has ended.
    bool afford() {
        pay();
        if (nodes_ >= node_limit_) return false;
        ++nodes_;
        allow_work();
        if (nodes_ >= next_check_) {
            next_check_ = nodes_ + kNodesBetweenChecks;
            if (interrupted_()) throw Cancelled();
        }
        return true;
    }

    void pay() {
        const std::int64_t nodes = (solver_.work() + choice_.work() - paid_) / kWorkPerNode;
        nodes_ += nodes;
        paid_ += nodes * kWorkPerNode;
    }

    // The solver gives up where its work is worth more nodes than are left.
    Answer give_up() {
        pay();
        return Answer::kBudgetEnded;
    }

    void allow_work() {
        const std::int64_t left = std::min<std::int64_t>(node_limit_ - nodes_, std::int64_t{1} << 40);
        solver_.limit_work(solver_.work() + (left + 1) * kWorkPerNode);
    }

    const ConstraintModel& model_;
    const std::unique_ptr<BacktrackPolicy> policy_;
    DeadEndRecorder* const recorder_;
    const std::int64_t node_limit_;
    std::int64_t& nodes_;
    const Interrupted& interrupted_;
    ConstraintSolver solver_;
    PlacementChoice choice_;
    DecisionLog log_;
    std::int64_t paid_ = 0, next_check_ = 0;
};

// An upper bound on the peak that a part needs, fixed offsets and forbidden ranges aside.
Bytes reach_of(const Problem& problem, std::span<const Index> buffers) {
    Bytes reach = 0;
    for (const Index b : buffers) reach += problem.size[b] + problem.alignment[b];
    for (Index b = 0; b < problem.count(); ++b) {
        if (!problem.movable(b)) reach = std::max(reach, problem.fixed[b] + problem.size[b]);
    }
    return reach;
}

}  // namespace

SearchResult telamalloc(const Problem& problem, Bytes capacity, const TelamallocOptions& options,
                        const Interrupted& interrupted) {
    SearchResult result{Answer::kFound, problem.fixed, 0};
    if (!place_others(problem, capacity, result.offsets)) return {Answer::kImpossible, {}, 0};
    for (auto& buffers : independent_parts(problem)) {
        if (capacity >= kMaxReach || reach_of(problem, buffers) >= kMaxReach) {
            result.answer = Answer::kBudgetEnded;
            continue;
        }
        const ConstraintModel model = make_model(problem, capacity, std::move(buffers), interrupted);
        TelamallocSearch search(model, options, result.nodes, interrupted);
        const Answer answer = search.run();
        result.nodes = std::min(result.nodes, options.node_limit);
        if (answer == Answer::kImpossible) return {answer, {}, result.nodes};
        if (answer == Answer::kBudgetEnded) result.answer = answer;
        for (Index b = 0; b < model.count(); ++b) result.offsets[model.origin[b]] = search.offset(b);
    }
    if (result.answer != Answer::kFound) result.offsets.clear();
    return result;
}

SearchResult first_dead_end(const Problem& problem, Bytes capacity, std::span<const std::int64_t> order,
                            const Interrupted& interrupted) {
    SearchResult result{Answer::kFound, std::vector<Bytes>(problem.count(), kMovable), 0};
    auto parts = independent_parts(problem);
    if (parts.empty() || reach_of(problem, parts.front()) >= kMaxReach || capacity >= kMaxReach) return result;
    const ConstraintModel model = make_model(problem, capacity, std::move(parts.front()), interrupted);
    std::vector<Index> place(problem.count(), -1);
    for (Index b = 0; b < model.count(); ++b) place[model.origin[b]] = b;
    ConstraintSolver solver(model, kMaxClimb, interrupted);
    solver.limit_work(std::int64_t{1} << 40);
    bool holds = solver.start();
    for (const std::int64_t next : order) {
        const Index b = place[next];
        if (!holds) break;
        if (b < 0 || solver.decided(b)) continue;
        ++result.nodes;
        holds = solver.place(b);
    }
    if (holds) return result;
    result.answer = Answer::kImpossible;
    for (const Index depth : solver.conflict()) {
        const Index b = solver.placed_at(depth);
        result.offsets[model.origin[b]] = solver.high(b);
    }
    return result;
}

}  // namespace tmpass::packing
