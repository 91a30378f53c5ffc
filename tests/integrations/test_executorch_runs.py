"""ExecuTorch plans with tmpass and runs the result: `pytest -m nightly`, if its packages are installed."""

from functools import partial

import pytest

pytestmark = pytest.mark.nightly

torch = pytest.importorskip("torch")
exir = pytest.importorskip("executorch.exir")
planning = pytest.importorskip("executorch.exir.memory_planning")

from executorch.exir.passes import MemoryPlanningPass  # noqa: E402
from executorch.runtime import Runtime  # noqa: E402

from tmpass.integrations.executorch import plan_memory  # noqa: E402
from tmpass.integrations.executorch.touched import traffic_of  # noqa: E402
from tmpass.targets.memory import Memory  # noqa: E402
from tmpass.targets.target import Target  # noqa: E402


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


class Counting(torch.nn.Module):
    """Has a variable, which lives from run to run."""

    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(4))

    def forward(self, x):
        self.count.add_(x)
        return self.count * 2 + x


def board(sram, psram=None, /, **holds):
    """A target with two memories that operators use, of these capacities in bytes."""
    tensors = ("activations", "variables", "inputs_outputs")
    memories = [
        Memory(name, capacity, 16, holds.get(name, tensors), bandwidth)
        for name, capacity, bandwidth in (("sram", sram, 400), ("psram", psram, 40))
    ]
    return Target("board", "", "assumed", tuple(memories))


def divided(module, inputs, target):
    """The program for two memories, and its specs, which ExecuTorch's verifier has seen."""
    specs, graphs = [], []

    class Checked(MemoryPlanningPass):
        def run(self, graph_module, graph_signature=None):
            done = super().run(graph_module, graph_signature)
            planning.Verifier(graph_module, True, True, True, graph_signature).verify_storage_reuse()
            nodes = graph_module.graph.nodes
            specs.extend(planning.collect_specs_from_nodes(nodes, graph_signature, do_assertion=False))
            graphs.append(graph_module)
            return done

    suite = planning.MemoryPlanningAlgorithmSuite([partial(plan_memory, target=target)])
    config = exir.ExecutorchBackendConfig(memory_planning_pass=Checked(memory_planning_algo=suite))
    program = exir.to_edge(torch.export.export(module.eval(), inputs)).to_executorch(config)
    return program, specs, graphs[0]


def sizes_of(program):
    return program.executorch_program.execution_plan[0].non_const_buffer_sizes


@pytest.mark.parametrize(
    ("sram", "sizes", "share"),
    [
        (300_000, [0, 260_352], 1.0),
        (130_000, [0, 129_408, 222_720], 0.649),  # a greedy over banks: 0.626
        (65_536, [0, 57_232, 222_720], 0.359),  # 0.330
        (32_768, [0, 19_232, 241_536], 0.131),  # 0.109
    ],
)
def test_a_small_fast_memory_takes_the_traffic_that_it_can(sram, sizes, share):
    module, inputs = attention()
    program, specs, graph_module = divided(module, inputs, board(sram))
    assert sizes_of(program) == sizes
    traffic = traffic_of(graph_module, specs)
    fast = sum(traffic[number] for number, spec in enumerate(specs) if spec.mem_id == 1)
    assert fast >= share * sum(traffic.values())
    for spec in specs:
        assert spec.mem_offset + spec.allocated_memory <= sizes[spec.mem_id]
    torch.testing.assert_close(outputs(program, inputs)[0], module(*inputs))


@pytest.mark.parametrize("sram", [64, 128, 200, 1000])
@pytest.mark.parametrize("sign", [1, -1])
def test_bodies_have_their_room_in_each_memory(sram, sign):
    inputs = (sign * torch.ones(2, 8),)
    program, _, _ = divided(Branching(), inputs, board(sram))
    assert sizes_of(program)[1] <= sram
    torch.testing.assert_close(outputs(program, inputs)[0], Branching()(*inputs))


def test_inputs_outputs_and_variables_go_where_the_target_allows_them():
    inputs = (torch.ones(4),)
    target = board(1000, sram=("activations",))
    program, specs, graph_module = divided(Counting(), inputs, target)
    outside = {
        id(spec)
        for node in graph_module.graph.nodes
        if node.op in ("placeholder", "output")
        for spec in planning.get_node_tensor_specs(node)
    }
    assert {spec.mem_id for spec in specs if id(spec) in outside} == {2}
    assert {spec.mem_id for spec in specs if id(spec) not in outside} == {1}
    method = Runtime.get().load_program(program.buffer).load_method("forward")
    assert torch.equal(method.execute(list(inputs))[0], torch.full((4,), 3.0))
    assert torch.equal(method.execute(list(inputs))[0], torch.full((4,), 5.0))


def test_what_does_not_fit_fails_the_export():
    module, inputs = attention()
    with pytest.raises(Exception, match="do not fit into sram 1000 B, psram 2000 B"):
        divided(module, inputs, board(1000, 2000))
