// Gradient-boosted decision trees: a score from features, the sum of one leaf of each tree.
#pragma once

#include <span>
#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

// A node of a tree, in pre-order: the child where the feature is below the threshold comes next, the other one is at
// `above`. In a leaf `feature` is -1, and `value` is its score; else `value` is the threshold.
struct TreeNode {
    Index feature, above;
    float value;
};

// Invariant: each node but the roots is the child of exactly one, which comes before it; so every walk ends in a leaf.
class DecisionTrees {
  public:
    // The trees follow each other in `nodes`; `base` is the score without trees. Throws std::invalid_argument where the
    // nodes are not trees, read other features than 0 .. features - 1, or have a value that is not finite.
    DecisionTrees(std::vector<TreeNode> nodes, float base, Index features);

    // The score of a row of as many features as the constructor was told.
    float score(std::span<const float> row) const;

  private:
    std::vector<TreeNode> nodes_;
    std::vector<Index> roots_;
    float base_;
};

}  // namespace tmpass::packing
