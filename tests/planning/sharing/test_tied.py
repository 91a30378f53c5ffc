"""Ties of outputs to inputs: names, errors with their reasons, and the lines in the plan."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.planning import ALL, INFO

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.base.dtypes import FLOAT16, FLOAT32, UINT8
from tmpass.base.errors import ModelError, TmpassError, UsageError
from tmpass.graph.model import Call, Entry, Graph, TensorKind
from tmpass.loading.load import Model
from tmpass.planning.sharing.tied import find_ties, split_names
from tmpass.targets import EVERY, RUNTIMES, Memory, Over, Sharing, Target


def planned(graph, target=ALL, **options):
    return plan(Model(INFO, graph), target, **{"alignment": 1, **options})


def refused(graph, error=ModelError, **options) -> str:
    with pytest.raises(error) as caught:
        planned(graph, **options)
    return str(caught.value)


def cache(*, kind="TensorScatter", between=False, **more) -> Graph:
    """Past 64, new 4 -> present 64, by way of views where they are between; read by an operator that makes y 8."""
    main = Sketch()
    past, new = main.input(64, name="past"), main.input(4, name="new")
    source = main.view(past) if between else past
    present = main.op([source, new], 64, kind=kind, **more)
    present = main.view(present) if between else present
    y = main.op([present], 8)
    main.tensors[present] = type(main.tensors[present])("present", UINT8, (64,))
    main.outputs = [y, present]
    return graph_of(main)


def places(made, *names):
    rows = {t.name: (t.buffer, t.offset) for t in made.tensors}
    return [rows[name] for name in names]


@pytest.mark.parametrize("share_io", [False, True])
@pytest.mark.parametrize("between", [False, True])
def test_a_cache_that_is_scattered_into_takes_its_bytes_once(between, share_io):
    apart = planned(cache(between=between), share_io=share_io)
    tied = planned(cache(between=between), tie={"present": "past"}, share_io=share_io)
    assert len(set(places(tied, "past", "present"))) == 1
    assert (apart.memories[0].peak, tied.memories[0].peak) == (64 + 64 + 4, 64 + 8)
    assert tied.options.tie == {"present": "past"}
    assert "tied to 'past'" in next(t.reason for t in tied.tensors if t.name == "present")


def test_it_says_which_kernel_the_runtime_must_have():
    (line,) = planned(cache(), tie={"present": "past"}).warnings
    assert line == "--tie needs a TensorScatter that writes 'present' over 'past': [sharing] of all does not list it"
    listed = Target("mine", "", "", ALL.memories, Sharing(in_place=("TensorScatter",)))
    assert planned(cache(), listed, tie={"present": "past"}).warnings == ()


@pytest.mark.parametrize("kind", ["ScatterND", "ScatterElements", "DYNAMIC_UPDATE_SLICE", "TensorScatter"])
def test_scatters_write_into_the_copy_of_their_first_input(kind):
    assert planned(cache(kind=kind), tie={"present": "past"}).memories[0].peak == 72


def test_another_operator_that_reads_it_while_it_writes_is_refused_unless_the_profile_lists_it():
    message = refused(cache(kind="Attention"), tie={"present": "past"})
    assert "output 'present' cannot lie over input 'past', which operator 0 (Attention 'op0') reads while" in message
    listed = Target("mine", "", "", ALL.memories, Sharing(in_place=(Over("Attention"),)))
    assert planned(cache(kind="Attention"), listed, tie={"present": "past"}).memories[0].peak == 72
    other = Target("mine", "", "", ALL.memories, Sharing(in_place=(Over("Attention", 1),)))
    assert "reads while it writes" in refused(cache(kind="Attention"), target=other, tie={"present": "past"})


def test_a_second_result_of_an_operator_can_be_tied_where_the_profile_says_so():
    main = Sketch()
    q, past = main.input(8), main.input(64, name="past")
    first = main.op([q, past], 8, 64, kind="com.microsoft::GroupQueryAttention", custom=True)
    main.outputs = [first, first + 1]
    target = Target("m", "", "", ALL.memories, Sharing(in_place=(Over("com.microsoft::GroupQueryAttention", 1, 1),)))
    tied = planned(graph_of(main), target, tie={main.tensors[first + 1].name: "past"})
    assert tied.memories[0].peak == 80


def written(sketch: Sketch, kind: str, *sources: int) -> list[int]:
    """What operators of a kind make of each of `sources`: kernels that a target promises, or scatters."""
    if kind == "RELU":
        return [sketch.unary(source) for source in sources]
    more = [sketch.input(1)] if kind == "ScatterND" else []
    return [sketch.op([source, *more], sketch.tensors[source].shape, kind=kind) for source in sources]


def halves(sketch: Sketch, kind: str, past: int) -> int:
    a = sketch.split(past, 8, 8)
    return sketch.concat(*written(sketch, kind, a, a + 1))


def views_of_halves(sketch: Sketch, kind: str, past: int) -> int:
    a = sketch.split(sketch.view(past), 8, 8)
    made = written(sketch, kind, sketch.view(a), sketch.view(a + 1))
    return sketch.view(sketch.concat(*map(sketch.view, made)))


def a_part(sketch: Sketch, kind: str, past: int) -> int:
    (made,) = written(sketch, kind, sketch.slice(past, 4, 8))
    first = sketch.op([sketch.input(1)], 4, 4, kind="MAKE")
    return sketch.concat(first, made, first + 1)


def a_whole(sketch: Sketch, kind: str, past: int) -> int:
    (made,) = written(sketch, kind, sketch.concat(sketch.input(4), past))
    return sketch.slice(made, 4, 16)


KERNEL = Target("kernel", "", "", ALL.memories, Sharing((EVERY,), (Over("OP"),), (EVERY,)))


@pytest.mark.parametrize("share", ["auto", "views", "none"])
@pytest.mark.parametrize("inplace", [True, False])
@pytest.mark.parametrize("target", [ALL, KERNEL], ids=["all", "kernel"])
@pytest.mark.parametrize("kind", ["RELU", "ScatterND", "OP"])
@pytest.mark.parametrize("shape", [halves, views_of_halves, a_part, a_whole])
def test_pieces_of_a_tied_output_are_written_over_the_same_pieces_of_the_input(shape, kind, target, inplace, share):
    sketch = Sketch()
    past = sketch.input(16, name="past")
    sketch.outputs = [shape(sketch, kind, past)]
    options = {"tie": {f"t{sketch.outputs[0]}": "past"}, "inplace": inplace, "share": share}
    made = planned(graph_of(sketch), target, **options)
    assert verify(made, Model(INFO, graph_of(sketch))) == ()
    over = share == "auto" and (kind != "OP" or target is KERNEL)
    rows = {t.index: (t.buffer, t.offset) for t in made.tensors}
    for op in sketch.ops:
        assert op.kind != kind or (rows[op.outputs[0]] == rows[op.inputs[0]]) is over
    listed = kind == "RELU" and target is ALL and inplace
    writes = sum(op.kind == kind for op in sketch.ops)
    needs = [line for line in made.warnings if "--tie needs" in line]
    assert len(needs) == (writes if over and not listed and kind != "OP" else 0)


@pytest.mark.parametrize("kind", ["RELU", "ScatterND", "OP"])
def test_what_lies_beside_a_tied_output_is_not_written_in_place_for_it(kind):
    """The tie holds where less shares, and needs no operator in place there."""
    sketch = Sketch()
    past = sketch.input(8, name="past")
    beside = sketch.op([sketch.input(1)], 8, kind="MAKE")
    read = sketch.op([sketch.concat(past, beside)], 1, kind="USE")
    (over,) = written(sketch, kind, beside)
    present = sketch.op([read], 8, kind="MAKE")
    sketch.outputs = [present, sketch.op([sketch.concat(present, over)], 1, kind="USE")]
    made = planned(graph_of(sketch), KERNEL, tie={f"t{present}": "past"}, inplace=False)
    rows = {t.index: t for t in made.tensors}
    assert (rows[over].buffer, rows[over].offset) != (rows[beside].buffer, rows[beside].offset)
    assert made.warnings == ()


def late_reader() -> Graph:
    """The file reads the state after it has written the new one."""
    main = Sketch()
    state, x = main.input(8, name="state"), main.input(8)
    new = main.op([x], 8, kind="MAKE")
    main.tensors[new] = type(main.tensors[new])("new", UINT8, (8,))
    main.outputs = [new, main.op([state], 2, kind="LATE")]
    return graph_of(main)


def test_an_input_that_is_read_too_late_is_read_before_in_another_order():
    message = refused(late_reader(), tie={"new": "state"}, schedule="given")
    assert "which operator 1 (LATE 'op1') still reads after operator 0 (MAKE 'op0') has written" in message
    for schedule in ("auto", "least-peak", "topological"):
        made = planned(late_reader(), tie={"new": "state"}, schedule=schedule)
        assert [step.kind for step in made.schedule] == ["LATE", "MAKE"]
        assert made.order.method == ("topological" if schedule == "topological" else "least-peak")


def test_an_input_that_is_an_output_stays_as_it_is():
    main = Sketch()
    state = main.input(8, name="state")
    main.outputs = [main.unary(state), state]
    assert "which is an output, too" in refused(graph_of(main), tie={"t1": "state"})


def test_sizes_and_types_must_be_the_same():
    main = Sketch()
    x = main.input((2, 3), dtype=FLOAT32, name="x")
    main.outputs = [main.op([x], 5), main.op([x], 12)]
    main.tensors[2] = type(main.tensors[2])("half", FLOAT16, (2, 6))
    graph = graph_of(main)
    assert "they are uint8 [5], 5 B and float32 [2, 3], 24 B" in refused(graph, tie={"t1": "x"})
    assert "float16 [2, 6], 24 B and float32 [2, 3], 24 B" in refused(graph, tie={"half": "x"})


def test_a_variable_or_a_constant_is_not_tied():
    main = Sketch()
    main.inputs.append(main.tensor(8, TensorKind.VARIABLE, name="state"))
    main.outputs = [main.op([main.inputs[0]], 8)]
    assert "one is a variable or a constant" in refused(graph_of(main), tie={"t1": "state"})


def test_an_entry_that_operators_run_is_not_tied():
    body, main = Sketch("body"), Sketch("main")
    body.outputs = [body.unary(body.input(4, name="b_in"))]
    main.outputs = [main.op([main.input(4)], 4, kind="CALL", calls=(Call(1, "body"),))]
    assert "an operator of the model runs this entry too" in refused(
        graph_of(main, body, entries=(0, 1)), tie={"body:t1": "body:b_in"}
    )


def test_two_outputs_have_no_room_in_one_input():
    main = Sketch()
    x = main.input(8, name="x")
    main.outputs = [main.op([x], 8), main.op([x], 8)]
    message = refused(graph_of(main), UsageError, tie={"t1": "x", "t2": "x"})
    assert "outputs 't1' and 't2' are tied to one input, 'x'" in message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tie": {"present": "past"}, "keep_inputs": True}, "keep_inputs keeps it"),
        ({"tie": {"present": "past"}, "io": "external"}, "io 'external' leaves them to the caller"),
        ({"tie": {"presnt": "past"}}, "the model has no output 'presnt'; did you mean 'present'?"),
        ({"tie": {"present": "pas"}}, "the model has no input 'pas'; did you mean 'past'?"),
        ({"tie": {"present": 3}}, "tie is {'present': 3}"),
        ({"tie": "present=past"}, "tie is 'present=past'; give a dict, or a list of texts OUTPUT=INPUT"),
        ({"tie": 7}, "tie is 7"),
        ({"tie": ["present"]}, "tie 'present' has no '='"),
        ({"tie": ["present=past", "present=new"]}, "output 'present' is tied twice"),
        ({"tie": [3]}, "tie is 3"),
    ],
)
def test_what_is_asked_wrongly_is_told(options, words):
    assert words in refused(cache(), TmpassError, **options)


def named(output: str, given: str, *more: str) -> Graph:
    main = Sketch()
    inputs = [main.input(4, name=name) for name in (given, *more)]
    main.outputs = [main.unary(inputs[0])]
    main.tensors[-1] = type(main.tensors[-1])(output, UINT8, (4,))
    return graph_of(main)


def test_names_may_have_an_equals_sign():
    assert split_names(named("a=b", "c=d"), ["a=b=c=d"]) == {"a=b": "c=d"}
    assert split_names(named("", "="), ["=="]) == {"": "="}
    graph = named("a", "b=b", "b")
    extra = Entry("other", 0, {}, {"a=b": graph.subgraphs[0].outputs[0]})
    graph = Graph("test", graph.subgraphs, (*graph.entries, extra))
    with pytest.raises(UsageError, match="can be read in 2 ways"):
        split_names(graph, ["a=b=b"])
    assert planned(named("a=b", "c=d"), tie=["a=b=c=d"]).memories[0].peak == 4


def test_public_names_and_those_of_tensors_stand_for_the_same():
    graph = named("made", "given")
    s = graph.subgraphs[0]
    entry = Entry("serve", 0, {"x": s.inputs[0]}, {"y": s.outputs[0]})
    graph = Graph("test", graph.subgraphs, (entry,))
    found = {find_ties(graph, {o: i}) for o in ("y", "made", "serve:y") for i in ("x", "given", "serve:given")}
    assert len(found) == 1


def test_a_tie_is_for_each_entry_that_has_both_names_or_for_the_one_that_is_named():
    one, two = Sketch("one"), Sketch("two")
    for sketch in (one, two):
        sketch.outputs = [sketch.unary(sketch.input(4, name="in"))]
    graph = graph_of(one, two, entries=(0, 1))
    assert [tie.output[0] for tie in find_ties(graph, {"t1": "in"})] == [0, 1]
    assert [tie.output[0] for tie in find_ties(graph, {"two:t1": "in"})] == [1]


def test_a_runtime_that_places_tensors_itself_is_told_of():
    target = Target("t", "", "", ALL.memories, Sharing((EVERY,), ("RELU",)), runtime=RUNTIMES["litert"])
    (line,) = planned(named("y", "x"), target, tie={"y": "x"}).warnings
    assert line == "LiteRT places tensors itself: it does not keep --tie"


@pytest.mark.parametrize("schedule", ["auto", "given", "least-peak"])
@pytest.mark.parametrize("made", ["split", "slice", "concat", "through a whole"])
def test_an_output_that_holds_what_the_input_holds_leaves_it_to_those_that_read_it_later(made, schedule):
    sketch = Sketch()
    past, empty = sketch.input(16), sketch.input(0)
    if made == "split":
        present = sketch.split(past, 16, 0)
    elif made == "slice":
        present = sketch.slice(past, 0, 16)
    elif made == "concat":
        present = sketch.concat(past, empty)
    else:
        present = sketch.slice(sketch.concat(past, sketch.op([past], 4)), 0, 16)
    late = sketch.op([past], 8)
    sketch.outputs = [present, late]
    names = {f"t{present}": f"t{past}"}
    made = planned(graph_of(sketch), tie=names, schedule=schedule)
    assert places(made, f"t{present}") == places(made, f"t{past}")


def test_no_order_is_bounded_in_a_memory_that_a_tie_takes_tensors_out_of():
    inner = Memory("inner", None, 1, ("activations",))
    outer = Memory("outer", None, 1, ("activations", "inputs_outputs"))
    sketch = Sketch()
    small, past = sketch.input(0), sketch.input(16)
    between = sketch.unary(past)
    sketch.concat(small, past, sketch.tensor(4, TensorKind.CONSTANT))
    sketch.outputs = [sketch.view(between)]
    made = planned(graph_of(sketch), replace(ALL, memories=(inner, outer)), tie={f"t{sketch.outputs[0]}": "t1"})
    # The activations lie in the outer memory, with the input.
    assert (made.order.lower_bound, made.memories[0].live_bytes) == (0, 0)
