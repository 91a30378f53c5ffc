#include "packing/buffer_orders.hpp"

#include <map>
#include <utility>

namespace tmpass::packing {

std::vector<std::vector<Index>> interchangeable(const Part& part) {
    std::map<std::tuple<Index, Index, Bytes>, std::vector<Index>> found;
    for (Index b = 0; b < part.count(); ++b)
        if (part.plain(b))
            found[{part.sections.first[b], part.sections.last[b], part.last[b] + part.size[b]}].push_back(b);
    std::vector<std::vector<Index>> classes(part.count());
    for (auto& [_, members] : found) {
        std::ranges::sort(members, {}, [&](Index b) { return std::pair(-part.size[b], b); });
        for (const Index b : members)
            if (members.size() > 1) classes[b] = members;
    }
    return classes;
}

}  // namespace tmpass::packing
