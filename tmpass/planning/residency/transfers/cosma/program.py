"""COSMA's program for a window: binary variables for what a tensor is at a step, and an address for each.

    C[a,t]  created: made by its operator, or loaded for the first time      at most one of the four per tensor and step
    P[a,t]  preserved: on chip since the step before, at the same address
    S[a,t]  spilled: on its way out, and no longer on chip                   at most once per tensor
    R[a,t]  retrieved: fetched for this step, to any address

    P[a,t] <= C[a,t-1] + P[a,t-1] + R[a,t-1]        S[a,t] <= C[a,t-1] + P[a,t-1]        R[a,t] <= sum of S[a,k], k < t
    an operator runs at one step, one operator a step; its inputs are P or R then, and its outputs C
    two tensors on chip at one step share no byte; the sum of (S + R) size is the least

Inputs and parameters are clean: they need no S, and their first load C is free and may be at any step. With tensors on
chip before the window, P and S at step 0 look at these. A tensor that is needed later and not on chip at the end pays
for its return.

Source: Li, Gupta, Malik: "Combined Scheduling, Memory Allocation and Tensor Replacement for Minimizing Off-Chip Data
Accesses of DNN Accelerators" (arXiv 2311.18246), section IV; solved by CP-SAT, whose intervals take the place of the
paper's big-M rows for addresses.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from math import gcd
from typing import TYPE_CHECKING, Any

from tmpass.base.packages import import_package
from tmpass.planning.residency.transfers.cosma.window import Window

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Cell = tuple[int, int]
"""A tensor and a step."""


@dataclass
class Program:
    """The variables of a window.

    Fields:
        runs: of operator and step.
        created, preserved, spilled, retrieved: of tensor and step, where they may be true.
        present: of tensor and step: it is on chip.
        address: of tensor and step, in multiples of the alignment.
        unit: bytes that one of the model's numbers stands for; all sizes and the alignment are multiples of it.
    """

    window: Window
    model: "cp_model.CpModel"
    unit: int
    runs: dict[Cell, Any] = field(default_factory=dict)
    created: dict[Cell, Any] = field(default_factory=dict)
    preserved: dict[Cell, Any] = field(default_factory=dict)
    spilled: dict[Cell, Any] = field(default_factory=dict)
    retrieved: dict[Cell, Any] = field(default_factory=dict)
    present: dict[Cell, Any] = field(default_factory=dict)
    address: dict[Cell, Any] = field(default_factory=dict)

    def on_chip(self, tensor: int, step: int) -> list[Any]:
        """The variables of which one is true where the tensor is on chip."""
        cell = tensor, step
        return [one[cell] for one in (self.created, self.preserved, self.retrieved) if cell in one]

    def size(self, tensor: int) -> int:
        """The size of a tensor in units."""
        return self.window.problem.tensors[tensor].size // self.unit


def cells(window: Window) -> int:
    """How many pairs of a tensor and a step the program has: what its size grows with."""
    return sum(last - first + 1 for first, last in map(window.span, window.tensors))


def build(window: Window, *, transfers: bool = True) -> Program:
    """The rows of the program, without an objective.

    Args:
        window: what it decides.
        transfers: allow S and R.
    """
    cp_model = import_package("ortools.sat.python.cp_model", "solvers", "residency cosma")
    problem = window.problem
    unit = gcd(problem.alignment, *(problem.tensors[tensor].size for tensor in window.tensors))
    program = Program(window, cp_model.CpModel(), unit)
    _add_operators(program)
    for tensor in window.tensors:
        _add_tensor(program, tensor, transfers)
    _add_uses(program)
    _add_addresses(program)
    return program


def _add_operators(program: Program) -> None:
    """Each operator at one step, one operator at each step."""
    window, model = program.window, program.model
    at: dict[int, list[Any]] = defaultdict(list)
    for op in window.operators:
        first, last = window.times[op]
        row = [model.new_bool_var(f"X{op},{step}") for step in range(first, last + 1)]
        model.add_exactly_one(row)
        for step, variable in enumerate(row, first):
            program.runs[op, step] = variable
            at[step].append(variable)
    for row in at.values():
        model.add_exactly_one(row)


def _add_tensor(program: Program, tensor: int, transfers: bool) -> None:
    """The states of one tensor, and what has to precede each."""
    window, model = program.window, program.model
    first, last = window.span(tensor)
    users = window.readers.get(tensor, [])
    maker = window.makers.get(tensor)
    fresh = maker is None and tensor not in window.copies and tensor not in window.start
    if fresh and len(users) == 1 and tensor not in window.later:
        maker = users[0]  # a clean tensor of one operator comes with it
    alone = maker is not None and not [op for op in users if op != maker] and tensor not in window.later
    for step in range(first, last + 1):
        cell = tensor, step
        if maker is not None and (maker, step) in program.runs:
            program.created[cell] = program.runs[maker, step]
        elif fresh and maker is None:
            program.created[cell] = model.new_bool_var(f"C{tensor},{step}")
        if alone:
            continue
        if step > first or tensor in window.start:
            program.preserved[cell] = model.new_bool_var(f"P{tensor},{step}")
            if transfers and tensor in window.dirty:
                program.spilled[cell] = model.new_bool_var(f"S{tensor},{step}")
        if transfers and (step > first or tensor in window.copies):
            program.retrieved[cell] = model.new_bool_var(f"R{tensor},{step}")
        model.add_at_most_one([*program.on_chip(tensor, step), *_get(program.spilled, cell)])
    if fresh and maker is None:
        model.add_at_most_one(program.created[tensor, step] for step in range(first, last + 1))
    _add_precedence(program, tensor, first, last)


def _add_precedence(program: Program, tensor: int, first: int, last: int) -> None:
    window, model = program.window, program.model
    began = tensor in window.start
    sources: list[Any] = []  # a copy exists once one of these was true at an earlier step
    for step in range(first, last + 1):
        cell, before = (tensor, step), (tensor, step - 1)
        there = program.on_chip(tensor, step - 1) if step > first else [1] * began
        for one in _get(program.preserved, cell):
            model.add(one <= sum(there))
        for one in _get(program.spilled, cell):
            unsaved = [*_get(program.created, before), *_get(program.preserved, before)] if step > first else there
            model.add(one <= sum(unsaved))
        for one in _get(program.retrieved, cell):
            if tensor not in window.copies:
                model.add(one <= sum(sources))
        sources += _get(program.spilled if tensor in window.dirty else program.created, cell)
    if tensor in window.dirty:
        model.add_at_most_one([one for step in range(first, last + 1) for one in _get(program.spilled, (tensor, step))])
        if tensor in window.later:
            model.add(sum(sources) + sum(program.on_chip(tensor, last)) >= 1)


def _add_uses(program: Program) -> None:
    """What an operator reads is on chip at its step."""
    for (op, step), runs in program.runs.items():
        for tensor in program.window.problem.operators[op].inputs:
            there = program.on_chip(tensor, step)
            program.model.add(sum(there) >= runs)


def _add_addresses(program: Program) -> None:
    """No two tensors on chip at a step share a byte, and what is preserved stays where it is."""
    window, model = program.window, program.model
    problem = window.problem
    capacity, grain = problem.capacity // program.unit, problem.alignment // program.unit
    for step in range(window.steps):
        intervals, load = [], []
        for tensor in window.tensors:
            there = program.on_chip(tensor, step)
            if not there:
                continue
            size = program.size(tensor)
            present = model.new_bool_var(f"on{tensor},{step}") if len(there) > 1 else there[0]
            if len(there) > 1:
                model.add(sum(there) == present)
            program.present[tensor, step] = present
            if size > capacity:
                model.add(present == 0)
                continue
            address = model.new_int_var(0, (capacity - size) // grain, f"L{tensor},{step}")
            program.address[tensor, step] = address
            intervals.append(model.new_optional_fixed_size_interval_var(address * grain, size, present, ""))
            load.append(size * present)
            for kept in _get(program.preserved, (tensor, step)):
                if step == 0:
                    model.add(address == window.start[tensor] // problem.alignment).only_enforce_if(kept)
                elif (tensor, step - 1) in program.address:
                    model.add(address == program.address[tensor, step - 1]).only_enforce_if(kept)
        model.add_no_overlap(intervals)
        model.add(sum(load) <= capacity)  # follows from the intervals; the linear relaxation knows only this row


def _get(variables: dict[Cell, Any], cell: Cell) -> list[Any]:
    return [variables[cell]] if cell in variables else []
