// Some buffers of a packing taken out and put back, in other places, while the rest stays where it is.
#pragma once

#include <vector>

#include "packing/live_index.hpp"
#include "packing/search_result.hpp"
#include "problem.hpp"

namespace tmpass {

class PutBack {
  public:
    explicit PutBack(const Problem& problem);

    // Whether the `free` buffers, movable ones that have bytes, can be placed beside the others with no top above
    // `capacity`, as place or postpone says with at most `limit` nodes; if so, that is where `offsets` then has them.
    // Among each other they count as solid, and no two of them may be a pair that stays apart. The answer's nodes are
    // those spent, its offsets empty. Throws what postpone throws.
    SearchResult operator()(const std::vector<Index>& free, std::vector<Bytes>& offsets, Bytes capacity,
                            std::int64_t limit, std::uint64_t seed, const Interrupted& interrupted);

    // Of all buffers that have bytes.
    const LiveIndex& index() const { return index_; }

  private:
    void append_barred(Index b, const std::vector<Bytes>& offsets, std::vector<Range>& rows);

    const Problem& problem_;
    LiveIndex index_;
    std::vector<unsigned char> is_free_;  // per buffer
    std::vector<Index> near_;
    std::vector<Range> denied_;
};

}  // namespace tmpass
