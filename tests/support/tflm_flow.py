"""Drawn models of several subgraphs for TensorFlow Lite Micro: IF, WHILE, and variables that CALL_ONCE sets."""

from math import prod
from random import Random

import numpy as np
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

from .tflm_models import SCALED, Builder, drawn_step

Shape = tuple[int, ...]


class _Drawing:
    """A main graph in the making, and the subgraphs behind it."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.dtype = self.rng.choice(("FLOAT32", "INT8", "INT16"))
        self.shape = (1, self.rng.choice((4, 7)), self.rng.choice((3, 6)), self.rng.choice((1, 4)))
        self.behind: list[Subgraph] = []
        self.main, first, self.last = self._chain(6)
        self.fed = [first]

    def _chain(self, longest: int) -> tuple[Builder, int, int]:
        """A drawn graph, its input, and an output of the same shape."""
        builder = Builder(self.dtype, self.rng.random() < 0.6)
        first = builder.add(self.shape, self.dtype)
        return builder, first, self._extend(builder, first, self.rng.randint(0, longest))

    def _extend(self, builder: Builder, first: int, steps: int) -> int:
        known = [(first, self.shape)]
        for _ in range(steps):
            known.append(drawn_step(self.rng, builder, known))
        last = [t for t, shape in known if shape == self.shape][-1]
        return builder.run("ADD", [last, last], [(self.shape, self.dtype)], None)[0]

    def _put(self, subgraph: Subgraph) -> int:
        self.behind.append(subgraph)
        return len(self.behind)

    def branch(self) -> None:
        """An IF over what came out last."""
        chosen = self.main.add([1], "BOOL")
        self.fed.append(chosen)
        bodies = []
        for name in ("then", "else"):
            body, first, last = self._chain(6)
            bodies.append(self._put(Subgraph(body.tensors, body.operators, [first], [last], name=name)))
        how = options("IfOptions", then_subgraph_index=bodies[0], else_subgraph_index=bodies[1])
        (self.last,) = self.main.run("IF", [chosen, self.last], [(self.shape, self.dtype)], how)

    def loop(self) -> None:
        """A WHILE that counts, over what came out last."""
        cond = Builder(self.dtype)
        count = cond.add([1], "INT32")
        given = cond.add(self.shape, self.dtype)
        most = cond.fixed(np.array([self.rng.randint(1, 3)]), "INT32")
        (ends,) = cond.run("LESS", [count, most], [([1], "BOOL")], None)
        test = self._put(Subgraph(cond.tensors, cond.operators, [count, given], [ends], name="cond"))
        body, first, last = self._chain(6)
        count, one = body.add([1], "INT32"), body.fixed(np.array([1]), "INT32")
        (more,) = body.run("ADD", [count, one], [([1], "INT32")], None)
        inner = self._put(Subgraph(body.tensors, body.operators, [count, first], [more, last], name="body"))
        start = self.main.add([1], "INT32")
        self.fed.append(start)
        how = options("WhileOptions", cond_subgraph_index=test, body_subgraph_index=inner)
        made = [([1], "INT32"), (self.shape, self.dtype)]
        _, self.last = self.main.run("WHILE", [start, self.last], made, how)

    def variable(self) -> None:
        """A variable that a subgraph sets once and that the main graph reads."""
        how = options("VarHandleOptions", shared_name=f"v{len(self.behind)}", container="")
        handle = Tensor("handle", [1], "RESOURCE", has_rank=True)
        value = Tensor("value", self.shape, "FLOAT32", data=bytes(4 * prod(self.shape)), has_rank=True)
        assign = [Operator("VAR_HANDLE", [], [0], how), Operator("ASSIGN_VARIABLE", [0, 1], [])]
        init = self._put(Subgraph([handle, value], assign, [], [], name="init"))
        self.main.run("CALL_ONCE", [], [], options("CallOnceOptions", init_subgraph_index=init))
        handles = self.main.run("VAR_HANDLE", [], [([1], "RESOURCE")], how)
        self.main.run("READ_VARIABLE", handles, [(self.shape, "FLOAT32")], None)

    def state(self) -> None:
        """A tensor that no operator uses and that is kept from run to run."""
        if self.dtype != SCALED[0]:
            self.main.add(self.shape, self.dtype, is_variable=True)

    def model(self) -> bytes:
        for _ in range(self.rng.randint(1, 3)):
            self.rng.choice((self.branch, self.loop, self.variable, self.state))()
            if self.rng.random() < 0.4:
                self.last = self._extend(self.main, self.last, self.rng.randint(1, 3))
        read = {t for operator in self.main.operators for t in operator.inputs}
        ends = [t for operator in self.main.operators for t in operator.outputs if t not in read]
        main = Subgraph(self.main.tensors, self.main.operators, self.fed, list(dict.fromkeys([self.last, *ends])))
        return write_model([main, *self.behind])


def drawn_flow(seed: int) -> bytes:
    """A model of one to six subgraphs; the same for the same seed."""
    return _Drawing(seed).model()
