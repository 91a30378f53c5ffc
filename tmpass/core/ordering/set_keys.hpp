// Keys of sets of operators, 128 bits each, so that a search does not enter a set twice.
//
// Components are the parts of a problem that do not wait for each other. Some may be equal, such as the heads of an
// attention. A set then has the same key whichever of them ran, since exchanging equal components changes no byte. Keys
// of different sets are taken to differ: a collision has odds of about n^2 / 2^129 for n sets.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ordering/order_problem.hpp"

namespace tmpass::ordering {

using SetKey = std::array<std::uint64_t, 2>;

struct SetKeyHash {
    std::size_t operator()(const SetKey& key) const { return static_cast<std::size_t>(key[0]); }
};

// The component of each operator, and the class of each component: those of one class are equal.
struct Components {
    std::vector<Index> of_operator, of_class;
    std::vector<Index> place;  // of an operator in its component, the same in equal ones
};
Components find_components(const OrderProblem& problem, bool twins);

class SetKeys {
  public:
    SetKeys(const OrderProblem& problem, bool twins);

    const SetKey& key() const { return sum_; }

    // Call this when `op` runs, and again when it is taken back.
    void flip(Index op) {
        SetKey& own = component_[components_.of_operator[op]];
        for (int i = 0; i < 2; ++i) {
            sum_[i] -= mixed(own[i]);
            own[i] ^= of_op_[op][i];
            sum_[i] += mixed(own[i]);
        }
    }

  private:
    static std::uint64_t mixed(std::uint64_t value) {
        value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93;
        return value ^ (value >> 29);
    }

    Components components_;
    std::vector<SetKey> of_op_, component_;
    SetKey sum_{};
};

}  // namespace tmpass::ordering
