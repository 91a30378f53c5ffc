// Maximum flow, and so minimum cut, by Dinic's algorithm (Soviet Math. Doklady 11, 1970), without recursion.
#pragma once

#include <algorithm>
#include <vector>

#include "types.hpp"

namespace tmpass::ordering {

class FlowNetwork {
  public:
    explicit FlowNetwork(Index nodes) : first_(nodes, -1) {}

    void add_arc(Index from, Index to, Bytes capacity) {
        add_half(from, to, capacity);
        add_half(to, from, 0);
    }

    // The maximum flow from `source` to `sink`, which is the capacity of a minimum cut. Throws Cancelled.
    Bytes max_flow(Index source, Index sink, const Interrupted& interrupted) {
        Bytes total = 0;
        while (level_from(source, sink)) {
            if (interrupted()) throw Cancelled();
            next_ = first_;
            while (const Bytes pushed = push_one(source, sink)) total += pushed;
        }
        return total;
    }

  private:
    struct Arc {
        Index to, next;
        Bytes left;
    };

    void add_half(Index from, Index to, Bytes capacity) {
        arcs_.push_back({to, first_[from], capacity});
        first_[from] = static_cast<Index>(arcs_.size()) - 1;
    }

    bool level_from(Index source, Index sink) {
        level_.assign(first_.size(), -1);
        level_[source] = 0;
        queue_.assign(1, source);
        for (std::size_t at = 0; at < queue_.size() && level_[sink] < 0; ++at)
            for (Index a = first_[queue_[at]]; a >= 0; a = arcs_[a].next)
                if (arcs_[a].left > 0 && level_[arcs_[a].to] < 0) {
                    level_[arcs_[a].to] = level_[queue_[at]] + 1;
                    queue_.push_back(arcs_[a].to);
                }
        return level_[sink] >= 0;
    }

    // Pushes flow along one path through rising levels, backing up at dead ends; 0 when no path is left.
    Bytes push_one(Index source, Index sink) {
        path_.clear();
        for (Index node = source; node != sink;) {
            Index& a = next_[node];
            while (a >= 0 && (arcs_[a].left == 0 || level_[arcs_[a].to] != level_[node] + 1)) a = arcs_[a].next;
            if (a >= 0) {
                path_.push_back(a);
                node = arcs_[a].to;
            } else {
                if (node == source) return 0;
                node = arcs_[path_.back() ^ 1].to;
                path_.pop_back();
                next_[node] = arcs_[next_[node]].next;
            }
        }
        Bytes least = kMaxBytes;
        for (const Index a : path_) least = std::min(least, arcs_[a].left);
        for (const Index a : path_) {
            arcs_[a].left -= least;
            arcs_[a ^ 1].left += least;
        }
        return least;
    }

    std::vector<Index> first_, next_, level_, queue_, path_;
    std::vector<Arc> arcs_;  // an arc and its reverse side by side
};

}  // namespace tmpass::ordering
