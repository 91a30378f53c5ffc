#include "residency/absence_search.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "residency/absence_prices.hpp"
#include "residency/absence_states.hpp"

namespace tmpass::residency {
namespace {

constexpr Index kFirstMost = 64;  // states for each absence in the first search
constexpr Index kMore = 16;
constexpr Index kMaxMost = Index{1} << 26;
constexpr std::int64_t kLook = 4096;   // states between two looks at Ctrl-C
constexpr std::int64_t kNumbers = 32;  // a state counts once more for this many numbers in its key
constexpr Index kBits = 62;            // spills in one number of a key

// A row that an absence covers.
struct Touch {
    Index row;
    Bytes bytes;
    Bytes rest;     // what later absences cover of it
    Bytes divisor;  // of what each later absence covers of it
};

// What leads from one layer to the next.
struct Stage {
    std::vector<Touch> touches;
    std::vector<Index> open;  // rows that an absence so far and a later one cover; their demands are in the key
    std::int64_t base = 0;    // what the absences from here on earn at most, where no version has paid
    Index spill_slot = -1;    // of the version; -1 where the absence is of none
    bool last = false;        // of its version
    bool enables = false;     // it makes a later absence of its version possible
    std::int64_t before = 0, after = 0;  // what paying makes the version earn besides, with this absence and after it
};

class Search {
  public:
    Search(const AbsenceProblem& problem, std::int64_t limit, const Interrupted& interrupted)
        : problem_(problem),
          prices_(problem, interrupted),
          limit_(limit),
          interrupted_(interrupted),
          stages_(problem.count() + 1) {
        for (const std::int64_t cost : problem_.fetch) unit_ = std::gcd(unit_, cost);
        for (const std::int64_t cost : problem_.spill) unit_ = std::gcd(unit_, cost);
        unit_ = std::max<std::int64_t>(unit_, 1);
        find_touches();
        find_open_rows();
        find_earnings();
        find_spill_slots();
        keep(all_absences(problem_));  // some states of a beam may lead nowhere, this one never does
    }

    AbsenceResult run() {
        std::int64_t bound = whole(prices_.bound());
        for (Index most = kFirstMost;; most = std::min(most, kMaxMost / kMore) * kMore) {
            const std::int64_t left_out = search(most);
            if (left_out == kNothingLeftOut)
                bound = best_.cost;
            else
                bound = std::max(bound, whole(left_out));
            if (most == kFirstMost && bound < best_.cost) {
                raise_prices();
                bound = std::max(bound, whole(prices_.bound()));
            }
            if (bound >= best_.cost || states_ >= limit_) break;
        }
        best_.bound = std::min(bound, best_.cost);
        best_.states = states_;
        return std::move(best_);
    }

  private:
    void raise_prices() {
        AbsenceChoice known{{}, best_.cost};
        prices_.raise_towards(known, interrupted_);
        if (known.cost < best_.cost) keep(known);
        find_earnings();
    }

    void keep(const AbsenceChoice& choice) {
        best_.found = true;
        best_.cost = choice.cost;
        best_.absent.clear();
        for (Index i = 0; i < problem_.count(); ++i)
            if (choice.taken[i]) best_.absent.push_back(problem_.number[i]);
    }

    // The least cost that is not below a bound.
    std::int64_t whole(std::int64_t bound) const {
        const std::int64_t scaled = unit_ << prices_.shift();
        return bound <= 0 ? 0 : ((bound - 1) / scaled + 1) * unit_;
    }

    void find_touches() {
        std::vector<Bytes> rest(problem_.rows(), 0), divisor(problem_.rows(), 0);
        for (Index i = problem_.count() - 1; i >= 0; --i)
            for (const Cover& cover : problem_.covers.of(i)) {
                stages_[i].touches.push_back({cover.row, cover.bytes, rest[cover.row], divisor[cover.row]});
                rest[cover.row] += cover.bytes;
                divisor[cover.row] = std::gcd(divisor[cover.row], cover.bytes);
            }
    }

    void find_open_rows() {
        std::vector<Index> open;
        for (Index i = 0; i < problem_.count(); ++i) {
            stages_[i].open = open;
            for (const Touch& touch : stages_[i].touches) {
                const auto at = std::ranges::lower_bound(open, touch.row);
                const bool listed = at != open.end() && *at == touch.row;
                if (touch.rest == 0 && listed) open.erase(at);
                if (touch.rest > 0 && !listed) open.insert(at, touch.row);
            }
        }
    }

    void find_earnings() {
        std::vector<std::int64_t> nets(problem_.spill.size(), 0);
        for (Index i = problem_.count() - 1; i >= 0; --i) {
            const Index version = problem_.version[i];
            Stage& stage = stages_[i];
            stage.base = stages_[i + 1].base;
            if (version < 0) {
                stage.base += prices_.net(i);
                continue;
            }
            const std::int64_t spill = problem_.spill[version] << prices_.shift();
            const std::int64_t later = nets[version], all = nets[version] += prices_.net(i);
            const std::int64_t later_unpaid = std::min<std::int64_t>(0, spill + later);
            const std::int64_t all_unpaid = std::min<std::int64_t>(0, spill + all);
            stage.base += all_unpaid - later_unpaid;
            stage.before = all - all_unpaid;
            stage.after = later - later_unpaid;
        }
    }

    // A bit for each version between its first and its last absence.
    void find_spill_slots() {
        const std::size_t versions = problem_.spill.size();
        std::vector<Index> last(versions, -1), last_following(versions, -1), slot(versions, -1), free;
        for (Index i = 0; i < problem_.count(); ++i) {
            if (problem_.version[i] >= 0) last[problem_.version[i]] = i;
            if (problem_.follows[i]) last_following[problem_.version[i]] = i;
        }
        Index slots = 0;
        for (Index i = 0; i < problem_.count(); ++i) {
            const Index version = problem_.version[i];
            if (version < 0) continue;
            if (slot[version] < 0) {
                if (free.empty()) free.push_back(slots++);
                slot[version] = free.back();
                free.pop_back();
            }
            stages_[i].spill_slot = slot[version];
            stages_[i].enables = i < last_following[version];
            stages_[i].last = last[version] == i;
            if (stages_[i].last) free.push_back(slot[version]);
        }
        words_ = (slots + kBits - 1) / kBits;
    }

    // What a state may be worth: the largest bound of a choice that is cheaper than the best one so far.
    std::int64_t worth() const { return (best_.cost - unit_) << prices_.shift(); }

    // Decides all absences. Returns the lowest bound of a state that was left out, or kNothingLeftOut.
    std::int64_t search(Index most) {
        std::int64_t left_out = kNothingLeftOut;
        std::vector<std::vector<std::int64_t>> origins;
        demand_ = problem_.demand;
        AbsenceState root;
        for (Index r = 0; r < problem_.rows(); ++r) root.demanded += prices_.of_row(r) * problem_.demand[r];
        AbsenceLayer layer(words_);
        layer.add(root, std::vector<std::int64_t>(words_, 0));
        for (Index i = 0; i < problem_.count(); ++i) {
            AbsenceLayer next(words_ + stages_[i + 1].open.size());
            for (Index s = 0; s < layer.count(); ++s) {
                load(layer, s, i);
                extend(next, layer.state(s), s, i, false);
                extend(next, layer.state(s), s, i, true);
            }
            left_out = std::min(left_out, next.keep_best(states_ < limit_ ? most : kFirstMost));
            origins.push_back(next.origins());
            layer = std::move(next);
        }
        if (layer.count() > 0) finish(layer, origins);
        return left_out;
    }

    // Brings what the rows still demand in state s into `demand_`.
    void load(const AbsenceLayer& layer, Index s, Index i) {
        const auto key = layer.key(s);
        paid_.assign(key.begin(), key.begin() + words_);
        const std::vector<Index>& open = stages_[i].open;
        for (std::size_t at = 0; at < open.size(); ++at) demand_[open[at]] = key[words_ + at];
    }

    // Adds to `next` what a state becomes with absence i taken or not.
    void extend(AbsenceLayer& next, const AbsenceState& from, Index parent, Index i, bool absent) {
        const Stage& stage = stages_[i];
        AbsenceState made{from.cost, from.demanded, from.earned, 0, parent, absent};
        key_.assign(paid_.begin(), paid_.end());
        if (absent) made.cost += problem_.fetch[i] << prices_.shift();
        if (stage.spill_slot >= 0 && !pay(made, stage, i, absent)) return;
        changed_.clear();
        bool useful = stage.enables, possible = true;
        for (const Touch& touch : stage.touches) {
            const Bytes old = demand_[touch.row];
            Bytes now = absent ? std::max<Bytes>(old - touch.bytes, 0) : old;
            useful |= now < old;
            if (now > touch.rest) possible = false;
            if (touch.divisor > 1) now = align_up(now, touch.divisor);
            made.demanded -= prices_.of_row(touch.row) * (old - now);
            changed_.emplace_back(touch.row, now);
        }
        if (!possible || (absent && !useful)) return;
        made.bound = made.cost + made.demanded + made.earned + stages_[i + 1].base;
        if (made.bound > worth()) return;
        std::size_t at = 0;
        for (const Index row : stages_[i + 1].open) {
            while (at < changed_.size() && changed_[at].first < row) ++at;
            key_.push_back(at < changed_.size() && changed_[at].first == row ? changed_[at].second : demand_[row]);
        }
        next.add(made, key_);
        states_ += 1 + static_cast<std::int64_t>(key_.size()) / kNumbers;
        if (++looks_ % kLook == 0 && interrupted_()) throw Cancelled();
    }

    // The spill of absence i, and its bit in `key_`. False where there has to be a copy and is none.
    bool pay(AbsenceState& made, const Stage& stage, Index i, bool absent) {
        std::int64_t& word = key_[stage.spill_slot / kBits];
        const std::int64_t bit = std::int64_t{1} << (stage.spill_slot % kBits);
        const bool had = (word & bit) != 0;
        if (absent && !had && problem_.follows[i]) return false;
        if (absent && !had) made.cost += problem_.spill[problem_.version[i]] << prices_.shift();
        if (had) made.earned -= stage.before;
        if (had || absent) made.earned += stage.after;
        word = (had || absent) && !stage.last ? word | bit : word & ~bit;
        return true;
    }

    // Keeps the cheapest of the last states.
    void finish(const AbsenceLayer& layer, const std::vector<std::vector<std::int64_t>>& origins) {
        Index state = 0;  // the only one: no row and no version is open any more
        best_.cost = layer.state(state).cost >> prices_.shift();
        best_.absent.clear();
        for (Index i = problem_.count() - 1; i >= 0; --i) {
            const std::int64_t origin = origins[i][state];
            if (origin & 1) best_.absent.push_back(problem_.number[i]);
            state = static_cast<Index>(origin / 2);
        }
        std::ranges::reverse(best_.absent);
    }

    const AbsenceProblem& problem_;
    AbsencePrices prices_;
    const std::int64_t limit_;
    const Interrupted& interrupted_;
    std::vector<Stage> stages_;
    std::int64_t unit_ = 0;  // all costs are multiples of it
    Index words_ = 0;        // numbers of a key before the demands
    AbsenceResult best_;
    std::int64_t states_ = 0, looks_ = 0;

    // The state that is being extended.
    std::vector<Bytes> demand_;  // of each row; the whole demand where no absence so far covers it
    std::vector<std::int64_t> paid_, key_;
    std::vector<std::pair<Index, Bytes>> changed_;
};

}  // namespace

AbsenceResult search_absences(const AbsenceProblem& problem, std::int64_t limit, const Interrupted& interrupted) {
    if (!problem.feasible) return {};
    return Search(problem, limit, interrupted).run();
}

}  // namespace tmpass::residency
