#include "packing/decision_trees.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace tmpass::packing {

DecisionTrees::DecisionTrees(std::vector<TreeNode> nodes, float base, Index features)
    : nodes_(std::move(nodes)), base_(base) {
    if (nodes_.size() >= static_cast<std::size_t>(std::numeric_limits<Index>::max()))
        throw std::invalid_argument("the trees have too many nodes");
    if (!std::isfinite(base_)) throw std::invalid_argument("the score without trees is not finite");
    const auto count = static_cast<Index>(nodes_.size());
    std::vector<Index> open;  // where the other children begin, the next one last
    Index missing = 0;        // nodes without which the tree is not complete
    for (Index at = 0; at < count; ++at) {
        const auto& [feature, above, value] = nodes_[at];
        if (missing == 0) {
            roots_.push_back(at);
            missing = 1;
        }
        missing += feature >= 0 ? 1 : -1;
        if (!std::isfinite(value)) throw std::invalid_argument("a value of a tree is not finite");
        if (feature >= features || feature < -1) throw std::invalid_argument("a tree reads an unknown feature");
        if (feature >= 0) {
            if (above <= at + 1 || above >= count || (!open.empty() && above >= open.back()))
                throw std::invalid_argument("a child of a node is out of place");
            open.push_back(above);
        } else if (missing > 0) {
            if (open.back() != at + 1) throw std::invalid_argument("a child of a node is out of place");
            open.pop_back();
        }
    }
    if (missing > 0) throw std::invalid_argument("the last tree is not complete");
}

float DecisionTrees::score(std::span<const float> row) const {
    float sum = base_;
    for (Index at : roots_) {
        while (nodes_[at].feature >= 0) at = row[nodes_[at].feature] < nodes_[at].value ? at + 1 : nodes_[at].above;
        sum += nodes_[at].value;
    }
    return sum;
}

}  // namespace tmpass::packing
