// Reinsertion: some buffers of a packing are taken out and placed anew, while the others stay where they are.
#pragma once

#include <vector>

#include "packing/live_index.hpp"
#include "packing/problem.hpp"
#include "packing/search_result.hpp"

namespace tmpass::packing {

class Reinsertion {
  public:
    explicit Reinsertion(const Problem& problem);

    // Whether the `free` buffers, movable ones that have bytes, can be placed beside the others with no top above
    // `capacity`, as postpone() finds with at most `limit` nodes. If so, `offsets` then has them there. Among
    // themselves they count as solid, and no two of them may be a pair that must be apart. The result has no offsets.
    // Throws what postpone() throws.
    SearchResult operator()(const std::vector<Index>& free, std::vector<Bytes>& offsets, Bytes capacity,
                            std::int64_t limit, std::uint64_t seed, const Interrupted& interrupted);

    // All buffers that have bytes.
    const LiveIndex& index() const { return index_; }

  private:
    void append_forbidden(Index b, const std::vector<Bytes>& offsets, std::vector<Range>& rows);

    const Problem& problem_;
    LiveIndex index_;
    std::vector<unsigned char> is_free_;  // per buffer
    std::vector<Index> near_;
    std::vector<Range> forbidden_;
};

}  // namespace tmpass::packing
