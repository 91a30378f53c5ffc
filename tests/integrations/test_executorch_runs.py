"""ExecuTorch plans with tmpass and runs the result: `pytest -m nightly`, if its packages are installed."""

import pytest

pytestmark = pytest.mark.nightly

torch = pytest.importorskip("torch")
exir = pytest.importorskip("executorch.exir")
planning = pytest.importorskip("executorch.exir.memory_planning")

from executorch.exir.passes import MemoryPlanningPass  # noqa: E402
from executorch.runtime import Runtime  # noqa: E402

from tmpass.integrations.executorch import plan_memory  # noqa: E402


class Block(torch.nn.Module):
    """A transformer's layer: 4 heads, normalised first."""

    def __init__(self, width=96, heads=4):
        super().__init__()
        self.heads = heads
        self.before, self.after = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.up, self.down = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.qkv(self.before(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        weights = torch.softmax((q @ k.transpose(-2, -1)) * (width // self.heads) ** -0.5, dim=-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, length, width))
        return x + self.down(torch.nn.functional.gelu(self.up(self.after(x))))


class Branching(torch.nn.Module):
    """What a branch returns is read long after it, when others have been where it is in other plans."""

    def forward(self, x):
        a = torch.cond(x.sum() > 0, lambda t: t.sin() + t, lambda t: t.cos() * t, (x,))
        return a + torch.relu(torch.exp(x * 2) - 1)


def lowered(module, inputs, *algorithms):
    """The program, and the bytes of its memories by algorithm, in the order of these."""
    sizes = []

    def noted(algorithm):
        def call(*arguments):
            result = algorithm(*arguments)
            sizes.append(list(result.bufsizes))
            return result

        call.__name__ = algorithm.__name__
        return call

    suite = planning.MemoryPlanningAlgorithmSuite([noted(algorithm) for algorithm in algorithms])
    config = exir.ExecutorchBackendConfig(memory_planning_pass=MemoryPlanningPass(memory_planning_algo=suite))
    edge = exir.to_edge(torch.export.export(module.eval(), inputs))
    return edge.to_executorch(config), sizes


def outputs(program, inputs):
    method = Runtime.get().load_program(program.buffer).load_method("forward")
    return method.execute(list(inputs))


def attention():
    torch.manual_seed(0)
    return torch.nn.Sequential(*[Block() for _ in range(4)]), (torch.randn(1, 49, 96),)


def test_attention_needs_as_much_as_is_alive_and_computes_the_same():
    module, inputs = attention()
    ours, sizes = lowered(module, inputs, planning.greedy, plan_memory)
    assert sizes == [[0, 316800], [0, 260352]]
    theirs, _ = lowered(module, inputs, planning.greedy)
    (mine,), (other,) = outputs(ours, inputs), outputs(theirs, inputs)
    assert torch.equal(mine, other)
    torch.testing.assert_close(mine, module(*inputs))


def test_the_same_program_comes_out_each_time():
    module, inputs = attention()
    assert lowered(module, inputs, plan_memory)[0].buffer == lowered(module, inputs, plan_memory)[0].buffer


@pytest.mark.parametrize("sign", [1, -1])
def test_results_of_branches_stay_after_them(sign):
    inputs = (sign * torch.ones(2, 8),)
    program, _ = lowered(Branching(), inputs, plan_memory)
    torch.testing.assert_close(outputs(program, inputs)[0], Branching()(*inputs))


def test_never_more_than_greedy_on_layers_of_many_kinds():
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 3),
        torch.nn.BatchNorm2d(16),
        torch.nn.Flatten(),
        torch.nn.Linear(576, 10),
        torch.nn.Softmax(1),
    )
    inputs = (torch.randn(1, 3, 16, 16),)
    program, sizes = lowered(module, inputs, planning.greedy, plan_memory)
    assert sum(sizes[1]) <= sum(sizes[0])
    torch.testing.assert_close(outputs(program, inputs)[0], module(*inputs))
