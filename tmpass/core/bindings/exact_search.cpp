// Bindings of the exact searches of packing/: does a packing within a capacity exist?
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>
#include <utility>

#include "bindings/kernel_call.hpp"
#include "packing/always_fit.hpp"
#include "packing/dead_end_features.hpp"
#include "packing/minimalloc.hpp"
#include "packing/postpone.hpp"
#include "packing/problem_check.hpp"
#include "packing/telamalloc.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {
namespace {

using packing::Backtracking;
using packing::LearnedBacktracking;
using packing::MinimallocRules;
using packing::PostponeRules;
using packing::Problem;

// Runs `kernel`, and gives its answer in the form of all exact searches.
template <typename Kernel>
auto answer_of(Bytes capacity, std::int64_t node_limit, Kernel kernel) {
    packing::check_capacity(capacity);
    check_node_limit(node_limit);
    packing::SearchResult result = without_gil(kernel);
    return std::tuple(static_cast<int>(result.answer), std::move(result.offsets), result.nodes);
}

std::vector<std::pair<Bytes, std::vector<Index>>> always_fit_by_part(const Problem& problem, Bytes capacity) {
    std::vector<std::pair<Bytes, std::vector<Index>>> found;
    for (auto& buffers : packing::independent_parts(problem)) {
        const packing::Part part = packing::make_part(problem, capacity, std::move(buffers), interrupted);
        auto& [unit, removed] = found.emplace_back(part.unit, packing::always_fit(part));
        for (Index& b : removed) b = part.origin[b];
    }
    return found;
}

void bind_minimalloc(nb::module_& m) {
    RulesClass<MinimallocRules>(m, "MinimallocRules", "Rules of minimalloc; all are on unless switched off.")
        .rule("canonical", &MinimallocRules::canonical, "Of two buffers at one offset, the lower rank comes first.")
        .rule("monotonic", &MinimallocRules::monotonic, "Nothing is placed below what was placed before.")
        .rule("ordering", &MinimallocRules::ordering,
              "Candidates are tried by lowest offset, then by rank; else by rank alone.")
        .rule("dominance", &MinimallocRules::dominance,
              "Nothing starts at or above the lowest top of the unplaced buffers.")
        .rule("section", &MinimallocRules::section,
              "The unplaced buffers of a section fit above its floor and the cursor.")
        .rule("floor", &MinimallocRules::floor,
              "Floors rise to the lowest offsets of unplaced buffers; else to the tops of placed ones.")
        .rule("hatless", &MinimallocRules::hatless,
              "A buffer that raises no other where it is put has no alternatives.")
        .rule("decomposition", &MinimallocRules::decomposition,
              "Both sides of a boundary that no unplaced buffer crosses are searched separately.")
        .rule("rerank", &MinimallocRules::rerank, "Each side is then ranked anew.")
        .rule("always_fit", &MinimallocRules::always_fit,
              "Buffers that fit wherever the others are placed are left out of a first, short search.");
    m.def(
        "minimalloc",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, const MinimallocRules& rules,
           const Cancel* cancel) {
            return answer_of(capacity, node_limit, [&] {
                return packing::minimalloc(problem, capacity, node_limit, rules, interrupted_or(cancel));
            });
        },
        "problem"_a, "capacity"_a, "node_limit"_a, "rules"_a = MinimallocRules(), "cancel"_a = nb::none(),
        "Search for a packing within a capacity as MiniMalloc does.\n\n"
        "Args:\n"
        "    problem: The buffers; no gap has a window, and no pair must be apart.\n"
        "    capacity: The highest top in bytes, 0 .. 2^62.\n"
        "    node_limit: Placements that may be tried; one in a large part costs more than one.\n"
        "    rules: Switches of the rules, for tests and benchmarks. No rule changes a proof.\n"
        "    cancel: Ends the search from another thread.\n\n"
        "Returns:\n"
        "    The answer (0 a packing was found, 1 proved impossible, 2 budget ended), the offsets, and the nodes\n"
        "    spent. Offsets have a meaning only where a packing was found.\n\n"
        "Raises:\n"
        "    ValueError: Also on windows and pairs that must be apart, and where the overlapping pairs are too many "
        "to\n"
        "        hold in memory.");
}

void bind_postpone(nb::module_& m) {
    RulesClass<PostponeRules>(m, "PostponeRules", "Rules of postpone; all are on unless switched off.")
        .rule("window", &PostponeRules::window,
              "Another buffer must take bytes of the place that a postponed buffer is refused.")
        .rule("exchange", &PostponeRules::exchange,
              "Of two buffers that touch and live equally long, the larger is below.")
        .rule("first", &PostponeRules::first, "The buffers that can be lowest in a section raise all others.")
        .rule("sums", &PostponeRules::sums,
              "What crosses a boundary of two sections is at a sum of sizes on both of its sides.")
        .rule("nogoods", &PostponeRules::nogoods,
              "A dead end goes back to the last placement that it follows from, and is remembered.")
        .rule("blocks", &PostponeRules::blocks, "Blocks of buffers that seem to belong together are tried too.")
        .rule("pinwheels", &PostponeRules::pinwheels, "Five blocks may form a pinwheel.");
    m.def(
        "postpone",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed,
           const PostponeRules& rules, const Cancel* cancel) {
            return answer_of(capacity, node_limit, [&] {
                return packing::postpone(problem, capacity, node_limit, seed, rules, interrupted_or(cancel));
            });
        },
        "problem"_a, "capacity"_a, "node_limit"_a, "seed"_a = 1, "rules"_a = PostponeRules(), "cancel"_a = nb::none(),
        "Search for a packing within a capacity by place-or-postpone.\n\n"
        "Args:\n"
        "    problem: The buffers; gaps may have windows, and pairs may have to be apart.\n"
        "    capacity: The highest top in bytes, 0 .. 2^62.\n"
        "    node_limit: Decisions that may be taken; one in a large part costs more than one.\n"
        "    seed: Of the random choices.\n"
        "    rules: Switches of the rules, for tests and benchmarks. No rule changes a proof.\n"
        "    cancel: Ends the search from another thread.\n\n"
        "Returns:\n"
        "    The answer, the offsets and the nodes spent, as for minimalloc.\n\n"
        "Raises:\n"
        "    ValueError: The overlapping pairs are too many to hold in memory.");
}

void bind_telamalloc(nb::module_& m) {
    nb::enum_<Backtracking>(m, "Backtracking", "Where telamalloc goes back to from a dead end.")
        .value("CONFLICT", Backtracking::kConflict, "To the last placement that took part; further when stuck.")
        .value("CHRONOLOGICAL", Backtracking::kChronological, "To the last placement.");
    m.def(
        "telamalloc",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed, Backtracking policy,
           std::uint32_t climb, const Cancel* cancel, const LearnedBacktracking* learned) {
            return answer_of(capacity, node_limit, [&] {
                return packing::telamalloc(problem, capacity, {node_limit, seed, policy, climb, learned},
                                           interrupted_or(cancel));
            });
        },
        "problem"_a, "capacity"_a, "node_limit"_a, "seed"_a = 1, "policy"_a = Backtracking::kConflict,
        "climb"_a = packing::kMaxClimb, "cancel"_a = nb::none(), "learned"_a = nb::none(),
        "Search for a packing within a capacity as TelaMalloc does, with every constraint.\n\n"
        "Args:\n"
        "    problem: The buffers; gaps may have windows, and pairs may have to be apart.\n"
        "    capacity: The highest top in bytes, 0 .. 2^62.\n"
        "    node_limit: Placements and refutations that may be tried; one with many consequences costs more.\n"
        "    seed: Of the random choices.\n"
        "    policy: Where to go back to from a dead end.\n"
        "    climb: Changes of bounds per buffer before whole chains are looked at; for tests. No answer depends on "
        "it.\n"
        "    cancel: Ends the search from another thread.\n"
        "    learned: Where to go back to, in place of `policy`.\n\n"
        "Returns:\n"
        "    The answer, the offsets and the nodes spent, as for minimalloc.\n\n"
        "Raises:\n"
        "    ValueError: Also where the overlapping pairs are too many to hold in memory.");
    m.def(
        "first_dead_end",
        [](const Problem& problem, Bytes capacity, const Array& order) {
            packing::checked_order(problem, order);
            return answer_of(capacity, 0,
                             [&] { return packing::first_dead_end(problem, capacity, order, interrupted); });
        },
        "problem"_a, "capacity"_a, "order"_a,
        "Place the first independent part in a given order until placements contradict each other; for tests.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    capacity: The highest top in bytes, 0 .. 2^62.\n"
        "    order: A permutation of the buffers.\n\n"
        "Returns:\n"
        "    1 where they do and 0 where they do not; the offsets of the placements that cannot be together, -1 for "
        "all\n"
        "    other buffers; and how many were placed.");
}

// The nodes of trees, from one tuple each.
std::vector<packing::TreeNode> tree_nodes(const std::vector<std::tuple<Index, Index, float>>& given) {
    std::vector<packing::TreeNode> nodes;
    for (const auto& [feature, above, value] : given) nodes.push_back({feature, above, value});
    return nodes;
}

void bind_learning(nb::module_& m) {
    m.def(
        "dead_end_features",
        [] { return std::vector<std::string>(packing::kFeatures.begin(), packing::kFeatures.end()); },
        "Return the names of the features of a choice at a dead end, in their order.");
    nb::class_<LearnedBacktracking>(m, "LearnedBacktracking", "Trees by which telamalloc goes back from a dead end.")
        .def(
            "__init__",
            [](LearnedBacktracking* made, const std::vector<std::tuple<Index, Index, float>>& nodes, float base,
               float threshold) {
                new (made) LearnedBacktracking{
                    packing::DecisionTrees(tree_nodes(nodes), base, static_cast<Index>(packing::kFeatures.size())),
                    threshold};
            },
            "nodes"_a, "base"_a, "threshold"_a,
            "Take trees.\n\n"
            "Args:\n"
            "    nodes: Of all trees in pre-order: the feature, the place of the child at or above the threshold, and\n"
            "        the threshold; in a leaf -1, any number, and the score.\n"
            "    base: The score without trees.\n"
            "    threshold: The score from which on the search goes back.\n\n"
            "Raises:\n"
            "    ValueError: The nodes are not trees.")
        .def(
            "score",
            [](const LearnedBacktracking& learned, const std::vector<float>& row) {
                if (row.size() != packing::kFeatures.size()) throw std::invalid_argument("a row has other features");
                return learned.trees.score(row);
            },
            "row"_a, "Return the score of a row of features.");
    m.def(
        "dead_ends",
        [](const Problem& problem, Bytes capacity, std::int64_t node_limit, std::uint64_t seed, std::int64_t every,
           std::size_t most, const LearnedBacktracking* learned) {
            packing::check_capacity(capacity);
            check_node_limit(node_limit);
            if (every < 1) throw std::invalid_argument("one in less than one is recorded");
            packing::DeadEndRecorder recorder{every, most, {}};
            without_gil([&] {
                return packing::telamalloc(problem, capacity,
                                           {.node_limit = node_limit,
                                            .seed = seed,
                                            .policy = Backtracking::kConflict,
                                            .learned = learned,
                                            .recorder = &recorder},
                                           interrupted);
            });
            std::vector<
                std::tuple<std::vector<Index>, std::vector<Bytes>, Index, std::vector<Index>, std::vector<float>>>
                found;
            for (auto& [buffers, offsets, last, depths, features] : recorder.records)
                found.emplace_back(std::move(buffers), std::move(offsets), last, std::move(depths),
                                   std::move(features));
            return found;
        },
        "problem"_a, "capacity"_a, "node_limit"_a, "seed"_a, "every"_a, "most"_a, "learned"_a = nb::none(),
        "Return dead ends of telamalloc, to learn from.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    capacity: The highest top in bytes, 0 .. 2^62.\n"
        "    node_limit: Of the search.\n"
        "    seed: Of the random choices.\n"
        "    every: One in this many dead ends is recorded.\n"
        "    most: How many are recorded at most.\n"
        "    learned: Where the search goes back to; by default to the last placement that took part.\n\n"
        "Returns:\n"
        "    For each dead end the buffers in the order of their placements, their offsets in bytes, the depth of the\n"
        "    last one of the conflict, the depths that are worth a look, and a row of features for each."
        "\n\n"
        "Raises:\n"
        "    ValueError: As for telamalloc.");
}

}  // namespace

void bind_exact_searches(nb::module_& m) {
    bind_minimalloc(m);
    bind_postpone(m);
    bind_learning(m);
    bind_telamalloc(m);
    m.def(
        "always_fit",
        [](const Problem& problem, Bytes capacity) {
            packing::check_capacity(capacity);
            return without_gil([&] { return always_fit_by_part(problem, capacity); });
        },
        "problem"_a, "capacity"_a,
        "Return the buffers that the exact searches set aside, for tests.\n\n"
        "Args:\n"
        "    problem: The buffers.\n"
        "    capacity: The highest top in bytes, 0 .. 2^62.\n\n"
        "Returns:\n"
        "    For each independent part its unit in bytes, and its buffers in the order in which they are set aside.");
}

}  // namespace tmpass::bindings
