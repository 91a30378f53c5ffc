// What an exact search answers.
#pragma once

#include <cstdint>
#include <vector>

#include "problem.hpp"

namespace tmpass {

enum class Answer { kFound = 0, kImpossible = 1, kBudgetEnded = 2 };

struct SearchResult {
    Answer answer;
    std::vector<Bytes> offsets;  // when found
    std::int64_t nodes;          // decisions taken
};

}  // namespace tmpass
