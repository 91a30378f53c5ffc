// What the kernels of packing/ answer.
#pragma once

#include <cstdint>
#include <vector>

#include "packing/problem.hpp"

namespace tmpass::packing {

// kFound and kImpossible are proofs.
enum class Answer { kFound = 0, kImpossible = 1, kBudgetEnded = 2 };

// Of an exact search: is there a packing within a capacity?
struct SearchResult {
    Answer answer;
    std::vector<Bytes> offsets;  // when found
    std::int64_t nodes;          // spent
};

// Of a search that lowers a packing and proves nothing.
struct Improvement {
    std::vector<Bytes> offsets;
    std::int64_t nodes;  // spent
};

}  // namespace tmpass::packing
