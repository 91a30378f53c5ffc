"""The least cost of transfers in a given order as one constraint program: more buffers than trying everything allows.

Each run of uses of a buffer may be an episode, a rectangle that is present or not; rectangles do not overlap.
"""

from tmpass.planning.residency.transfers.fixed_problem import FixedOrderProblem


class Model:
    """The constraint program of a problem."""

    def __init__(self, problem: FixedOrderProblem) -> None:
        from ortools.sat.python import cp_model

        self.problem, self.model, self.solver = problem, cp_model.CpModel(), cp_model.CpSolver()
        self.across, self.up, self.costs = [], [], []
        for buffer in problem.buffers:
            absent = [self.model.new_bool_var("") for _ in buffer.uses[1:]]
            self._add_costs(buffer, absent)
            self._add_episodes(buffer, absent)
        self.model.add_no_overlap_2d(self.across, self.up)
        self.model.minimize(sum(self.costs))
        self.solver.parameters.num_workers = 1
        self.answer = self.solver.solve(self.model)
        assert self.answer in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
        self.cost = round(self.solver.objective_value) if self.answer == cp_model.OPTIMAL else None

    def _add_costs(self, buffer, absent):
        """Fetches, spills, and which absences need an earlier one."""
        spilled, earlier = None, []
        for at, away in enumerate(absent):
            use, following = buffer.uses[at : at + 2]
            if buffer.pinned:
                self.model.add(away == 0)
            self.costs.append(buffer.size * away)
            if use.writes or (at == 0 and not buffer.stored):
                spilled, earlier = self.model.new_bool_var(""), []
                final = not any(later.writes for later in buffer.uses[at + 1 :])
                self.costs.append(0 if final and buffer.returned else buffer.size * spilled)
            if spilled is None:
                continue
            self.model.add_implication(away, spilled)
            if following.step == use.step + 1:
                self.model.add_bool_or([~away, *earlier])
            else:
                earlier.append(away)

    def _add_episodes(self, buffer, absent):
        """A rectangle for each first and last use of an episode."""
        room = self.problem.capacity - buffer.size
        for first, begin in enumerate(buffer.uses):
            for last in range(first, len(buffer.uses)):
                ends = absent[max(0, first - 1) : first] + absent[last : last + 1]
                laws = [*ends, *(~away for away in absent[first:last])]
                present = self.model.new_bool_var("")
                self.model.add_bool_or([present, *(~law for law in laws)])
                self.model.add_bool_and(laws).only_enforce_if(present)
                if room < 0:
                    self.model.add(present == 0)
                    continue
                length = buffer.uses[last].step + 1 - begin.step
                address = self.problem.alignment * self.model.new_int_var(0, room // self.problem.alignment, "")
                span = (begin.step, length, present, "")
                self.across.append(self.model.new_optional_fixed_size_interval_var(*span))
                self.up.append(self.model.new_optional_fixed_size_interval_var(address, buffer.size, present, ""))


def cheapest_by_cp_sat(problem: FixedOrderProblem) -> int | None:
    """The least cost of all plans; None if no plan exists."""
    return Model(problem).cost
