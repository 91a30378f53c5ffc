#include "packing/block_guesses.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "packing/merge_blocks.hpp"

namespace tmpass {
namespace {

constexpr std::int64_t kNoise = 192;  // of all guesses but the first
constexpr std::int64_t kLooksPerNode = 64;
constexpr int kFewestSteps = 5, kMostSteps = 25;  // between two guesses
constexpr int kMostInVain = 200;
constexpr std::int64_t kDeepest = 4;  // levels that are taken apart
constexpr std::int64_t kWidest = 3;   // boundaries are near: one of so many
constexpr std::int64_t kKept = 30;    // percent, of the wholes near there

}  // namespace

Guesses::Guesses(const Part& part, const Interrupted& interrupted)
    : part_(part), interrupted_(interrupted), ground_(part), pieces_(ground_) {}

Blocks Guesses::next(bool refuted, Random& random, std::int64_t& nodes) {
    if (fewest_ == 0) {
        begin_anew(0, random);
    } else {
        steps_ = std::clamp(2 * steps_, kFewestSteps, kMostSteps);
        if (refuted || in_vain_ > kMostInVain) begin_anew(kNoise, random);
        for (int i = 0; i < steps_; ++i) step(random);
    }
    nodes += std::exchange(looked_at_, 0) / kLooksPerNode + 1;
    return blocks();
}

void Guesses::begin_anew(std::int64_t noise, Random& random) {
    pieces_ = ground_;
    std::vector<Index> all(pieces_.boundaries());
    std::iota(all.begin(), all.end(), 0);
    glue(pieces_, std::move(all), {noise, random.next()}, looked_at_, interrupted_);
    fewest_ = pieces_.count();
    in_vain_ = 0;
}

void Guesses::step(Random& random) {
    Pieces trial = pieces_;
    auto boundaries = take_apart_somewhere(trial, random);
    glue(trial, std::move(boundaries), {kNoise, random.next()}, looked_at_, interrupted_);
    in_vain_ = trial.count() < fewest_ ? 0 : in_vain_ + 1;
    fewest_ = std::min(fewest_, trial.count());
    if (trial.count() <= pieces_.count()) pieces_ = std::move(trial);
}

// Gives the boundaries of what was taken apart.
std::vector<Index> Guesses::take_apart_somewhere(Pieces& pieces, Random& random) {
    const Index count = pieces.boundaries();
    const auto from = static_cast<Index>(random.below(count));
    const auto to = std::min(count, static_cast<Index>(from + 1 + random.below(count / kWidest + 1)));
    std::vector<Index> touched, chosen, wholes;
    for (auto depth = 1 + random.below(kDeepest); depth > 0; --depth) {
        chosen.clear();
        for (Index boundary = 0; boundary < to; ++boundary) {
            pieces.list_beginning(boundary, wholes);
            for (const Index i : wholes)
                if (pieces[i].end > from && pieces[i].part >= 0 && random.below(100) >= kKept) chosen.push_back(i);
        }
        for (const Index i : chosen) {
            for (Index part = pieces[i].part; part >= 0; part = pieces[part].next_part)
                touched.insert(touched.end(), {pieces[part].begin, pieces[part].end});
            pieces.take_apart(i);
        }
        looked_at_ += pieces.count();
    }
    std::ranges::sort(touched);
    touched.erase(std::ranges::unique(touched).begin(), touched.end());
    return touched;
}

Blocks Guesses::blocks() const {
    Blocks blocks;
    Part& glued = blocks.part;
    glued.unit = part_.unit;
    glued.capacity = part_.capacity;
    blocks.block.resize(part_.count());
    blocks.rise.resize(part_.count());
    std::vector<Index> wholes;
    for (Index boundary = 0; boundary < pieces_.boundaries(); ++boundary) {
        pieces_.list_beginning(boundary, wholes);
        for (const Index i : wholes) {
            const Piece& whole = pieces_[i];
            const bool alone = whole.part < 0;
            put_buffers(i, blocks);
            glued.lower.push_back(pieces_.step(whole.begin));
            glued.upper.push_back(pieces_.step(whole.end));
            glued.size.push_back(whole.size);
            glued.last.push_back(whole.ceiling - whole.size);
            glued.alignment.push_back(alone ? part_.alignment[i] : 1);
            glued.barred.push_back(alone ? part_.barred[i] : std::vector<Range>());
        }
    }
    find_overlaps(glued, interrupted_);
    return blocks;
}

// The buffers of `whole` are in the block that comes next.
void Guesses::put_buffers(Index whole, Blocks& blocks) const {
    std::vector<std::pair<Index, Bytes>> open{{whole, 0}};  // pieces and their rise
    while (!open.empty()) {
        auto [i, rise] = open.back();
        open.pop_back();
        if (pieces_[i].part < 0) {
            blocks.block[i] = blocks.part.count();
            blocks.rise[i] = rise;
        }
        for (Index part = pieces_[i].part; part >= 0; part = pieces_[part].next_part) {
            open.emplace_back(part, rise);
            if (pieces_[i].stacked) rise += pieces_[part].size;
        }
    }
}

}  // namespace tmpass
