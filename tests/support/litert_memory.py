"""The addresses of all tensors in LiteRT's interpreter, those included that its kernels add."""

from dataclasses import dataclass
from importlib import import_module

from tmpass.frontends.isolate import call_apart

from tmpass.base.errors import ModelError
from tmpass.loading.load import load


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where tensors of the main subgraph are: index -> [low, high). Tensors without memory have no row.

    Fields:
        named: of the tensors that the file has.
        added: of the temporaries that kernels ask for.
    """

    named: dict[int, tuple[int, int]]
    added: dict[int, tuple[int, int]]

    def alone(self, t: int) -> bool:
        """Whether no other tensor has a byte of tensor `t`."""
        low, high = self.named[t]
        others = ((k, span) for k, span in (*self.named.items(), *self.added.items()) if k != t)
        return not any(span[0] < high and low < span[1] for _, span in others)

    def arena(self, tensors) -> int:
        """The bytes of the arena with the file's `tensors`, and with all temporaries that are there.

        A temporary in the persistent arena is apart from it: a block of the heap has a header of its own.
        """
        spans = [self.named[t] for t in tensors if t in self.named] or list(self.added.values())[:1]
        low, high = min((one for one, _ in spans), default=0), max((one for _, one in spans), default=0)
        before = None
        while before != (low, high):
            before = low, high
            near = [span for span in self.added.values() if span[0] < high + 64 and low - 64 < span[1]]
            low, high = min([low, *(one for one, _ in near)]), max([high, *(one for _, one in near)])
        return high - low


def extent(spans) -> int:
    """From the lowest to the highest byte of `spans`."""
    spans = list(spans)
    return max((high for _, high in spans), default=0) - min((low for low, _ in spans), default=0)


def litert_addresses(model: bytes) -> Addresses:
    """The addresses in an interpreter with one thread and without delegates, before the first run.

    Raises:
        ModelError: LiteRT does not prepare the model.
    """
    count = len(load(model).graph.subgraphs[0].tensors)
    return call_apart(_addresses, import_module("ai_edge_litert.interpreter"), model, count, package="ai-edge-litert")


def _addresses(package, model: bytes, count: int) -> Addresses:
    kernels = package.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    found: tuple[dict, dict] = {}, {}
    try:
        interpreter = package.Interpreter(model_content=model, experimental_op_resolver_type=kernels, num_threads=1)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ModelError(str(error)) from None
    for t in range(interpreter._interpreter.NumTensors(0)):
        try:
            interpreter._get_tensor_details(t, 0)  # the interpreter crashes on temporaries that a kernel does not use
            array = interpreter.tensor(t)()
        except ValueError:
            continue
        address = array.__array_interface__["data"][0]
        if array.nbytes:
            found[t >= count][t] = address, address + array.nbytes
    return Addresses(*found)
