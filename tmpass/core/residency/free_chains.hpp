// Chains of operators that an optimal plan can begin with.
#pragma once

#include "residency/transfer_state.hpp"

namespace tmpass::residency {

enum class Chains : char {
    kNone,
    kLossless,  // those of the proof below
    kLower,     // all that leave no more bytes on chip than before: a guess
};

// Operators to run now, one after another, with nothing leaving. Empty where there are none. With kLossless, some
// optimal plan that goes on from `state` begins with them.
//
// A chain is operators o1 .. ok, each the only reader of what the one before makes, x1 .. xk-1; the last one makes b,
// or nothing. It counts where everything it reads is on chip or ends in it, and where some item c on chip ends with an
// oi, so that b takes no more room than c, nor than xi .. xk-1, and leaves for no more bytes than each of them.
//
// Proof. Take an optimal plan P. Run the chain first, then the others in the order of P. At a step of another operator
// in P, either oi has not run: then c is alive, and b takes its place, on chip or off. Or oi has run and ok has not:
// then some xj is alive, j >= i, and b takes its place. Or ok has run, and b is where P has it. So no step needs more
// bytes than in P. b leaves when c or an xj does, which costs no more; later departures until ok runs in P are free,
// since b is away with its return paid; after that, b is at no lower level than in P. What else the chain reads is
// where P has it, or absent where only the chain needs it.
std::vector<Index> free_chain(const TransferState& state, const FreeOrderProblem& problem, Chains chains);

}  // namespace tmpass::residency
