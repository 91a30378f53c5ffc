"""The HTML page in a real browser: drawing, pointer and keys."""

import time
from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.pages import MODELS, both, plan_of, point
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.explanation.weights import find_weights
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model, load
from tmpass.packing.problem import Gap
from tmpass.plans.peak_step import find_peak_step
from tmpass.plans.plan import PlannedConstant, PlannedTensor
from tmpass.report.model_facts import ModelFacts
from tmpass.report.run_time import time_line
from tmpass.report.weights import reason

pytestmark = pytest.mark.browser


def hover(page, plans, step, address):
    page.mouse.move(*point(page, plans, step, address))
    tip = page.locator("#tip")
    return tip.inner_text() if tip.is_visible() else ""


@pytest.mark.parametrize("name", ["branchy.tflite", "attention.tflite", "control_flow.tflite", "states.tflite"])
def test_the_note_under_the_pointer_is_on_the_tensor_that_is_there(look, name):
    plans = both(name)
    rows = {(t.subgraph, t.index): t for t in plans[0].tensors}
    seen = 0
    with look(*plans) as page:
        for b in plans[0].buffers:
            if b.memory != plans[0].memories[0].name or b.size * 50 < plans[0].memories[0].peak:
                continue  # less than a few pixels high
            note = hover(page, plans, (b.lower + b.upper) / 2, b.offset + b.size / 2)
            for tensor in map(rows.get, b.tensors):
                assert tensor.name in note
                assert tensor.reason in note
                if 0 <= b.offset + b.size / 2 - tensor.offset < tensor.bytes:
                    assert " \u00d7 ".join(map(str, tensor.shape)) in note
            assert f"{b.lower} {plans[0].schedule[b.lower].kind}" in note
            assert f"addresses\t{b.offset} to {b.offset + b.size - 1}" in note
            span = f"steps {b.lower} to {b.upper - 1}" if b.upper - b.lower > 1 else f"step {b.lower} only"
            assert f"live\t{span}" in note
            seen += 1
    assert seen > 3


def test_where_nothing_is_there_is_no_note(look):
    made = plan_of((0, 50, 0, 2), (50, 50, 2, 4))
    with look(made) as page:
        assert hover(page, [made], 1, 75) == ""
        assert "t1" in hover(page, [made], 3, 75)
        assert hover(page, [made], 3, 25) == ""


def test_a_window_is_drawn_as_it_is_and_the_rest_is_free(look):
    made = plan_of((0, 100, 0, 6), gaps={0: (Gap(2, 4, 0, 50), Gap(4, 5))})
    with look(made) as page:
        assert "in use here" not in hover(page, [made], 1, 75)
        assert "in use here\t50 B, addresses 0 to 49" in hover(page, [made], 3, 25)
        assert hover(page, [made], 3, 75) == ""
        assert hover(page, [made], 4.5, 25) == ""
        assert "t0" in hover(page, [made], 5.5, 75)


def test_before_and_after_are_one_press_apart(look):
    plans = both("branchy.tflite", budget="40KiB", transfers="never")
    with look(*plans) as page:
        assert "36864 B (36 KiB)" in page.inner_text("#figures")
        assert page.inner_text("#verdict").startswith("fits; optimal")
        page.get_by_role("button", name="Before").click()
        assert "61440 B (60 KiB)" in page.inner_text("#figures")
        assert page.inner_text("#verdict").startswith("does not fit; proved: at least")
        stem = next(t for t in plans[1].tensors if t.name == "stem")
        assert "stem" in hover(page, plans, 5, stem.offset + 1)
        page.get_by_role("button", name="Planned").click()
        assert "36864 B (36 KiB)" in page.inner_text("#figures")
        page.focus("#canvas")
        page.keyboard.press("b")
        assert "61440 B (60 KiB)" in page.inner_text("#figures")


def test_keys_go_from_buffer_to_buffer(look):
    made = plan_of((0, 50, 0, 4), (50, 50, 1, 3), (50, 20, 3, 4))
    with look(made) as page:
        page.focus("#search")
        page.keyboard.press("Tab")
        while page.evaluate("document.activeElement.id") != "canvas":
            page.keyboard.press("Tab")
        names = [page.inner_text("#tip b")]
        for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
            names.append(page.inner_text("#tip b"))
        assert names == ["t0", "t1", "t0", "t1", "t2", "t2"]
        page.keyboard.press("Escape")
        assert page.locator("#tip").is_hidden()


def test_a_tensor_is_found_by_its_name(look):
    with look(*both("branchy.tflite")) as page:
        page.fill("#search", "WIDE")
        assert page.inner_text("#found") == "9 found"
        names = []
        for _ in range(10):
            page.press("#search", "Enter")
            names.append(page.inner_text("#tip b"))
        assert names[:3] == ["a_wide", "b_wide", "c_wide"]
        assert {name.split("/")[1] for name in names[3:9]} == {"filter", "bias"}
        assert (names[9], page.inner_text("#found")) == ("a_wide", "1 of 9")
        page.fill("#search", "nothing is called so")
        assert page.inner_text("#found") == "0 found"


def test_buffers_alive_at_the_peak_step(look):
    made, before = both("attention.tflite")
    with look(made, before) as page:
        for one, name in ((before, "Before"), (made, "Planned")):
            page.get_by_role("button", name=name).click()
            full = find_peak_step(one, one.memories[0])
            assert page.inner_text("#full-where").startswith(f"step {full.at} {full.step.kind}")
            cells = [row.split("\t") for row in page.inner_text("#full tbody").splitlines()]
            assert [int(row[0]) for row in cells] == list(full.used)
            assert [row[1].split(" and ")[0] for row in cells] == [tensor.name for _, tensor in full.buffers]
        page.locator("#full tbody tr").nth(1).click()
        assert full.buffers[1][1].name in page.inner_text("#tip")


def test_each_memory_has_a_picture(look):
    made = plan(MODELS / "states.tflite", "litert-cpu")
    assert len(made.arenas) == 2
    with look(made) as page:
        assert page.locator("#memory option").all_inner_texts() == [memory.name for memory in made.arenas]
        page.select_option("#memory", made.memories[1].name)
        row = next(b for b in made.buffers if b.memory == made.memories[1].name)
        assert str(row.size) in page.inner_text("#full tbody")


def test_what_is_needed_of_each_memory_is_a_bar_with_its_parts(look):
    made = plan(MODELS / "states.tflite", "tflm-stm32f746")
    arena, flash = made.memories[0], made.memories[-1]
    assert arena.reserve > 0
    assert arena.overhead > 0
    with look(made) as page:
        rows = page.locator("#needs li")
        for at, m in enumerate((arena, flash)):
            text, wide = rows.nth(-at).inner_text(), rows.nth(-at).locator(".bar").bounding_box()["width"] - 2
            named = {"buffers": m.peak, "constants": m.constants, "runtime": m.overhead, "reserve": m.reserve}
            assert f"{m.needed} B" in text
            assert all(f"{name} {size} B" in text for name, size in named.items() if size)
            parts = [part.bounding_box()["width"] / wide for part in rows.nth(-at).locator("i").all()]
            assert parts == pytest.approx([size / m.capacity for size in named.values() if size], abs=0.005)
        assert f"{arena.needed} B" in page.inner_text("#figures")


def test_a_memory_that_is_too_small_has_a_full_bar(look):
    made = plan(MODELS / "branchy.tflite", budget="20KiB")
    with look(made) as page:
        assert page.locator("#needs .over").count() == 1
        assert (
            f"{made.memories[0].needed} B (36.27 KiB) of 20 KiB, 181.3 % needed"
            in page.locator("#needs li").nth(0).inner_text()
        )
        assert page.locator("#needs").evaluate("(all) => all.scrollWidth <= all.clientWidth")


def test_a_plan_of_buffers_alone_has_no_bars_and_no_constants(look):
    with look(plan_of((0, 50, 0, 2), capacity=100)) as page:
        assert page.locator("#needs li").count() == 0
        assert page.locator("#constants").is_hidden()
        assert "50.0 % used" in page.inner_text("#figures")


def test_copies_of_constants_are_in_the_picture_with_notes(look):
    made = plan(MODELS / "branchy.tflite", budget="46KiB")
    rows = made.tensors_by_key()
    seen = 0
    with look(made) as page:
        for c in made.constants:
            if c.memory != "scratchpad" or c.size < 200:
                continue
            note = hover(page, [made], (c.lower + c.upper) / 2, c.offset + c.size / 2)
            assert note.startswith(rows[c.tensors[0]].name)
            assert f"addresses\t{c.offset} to {c.offset + c.size - 1}" in note
            assert f"resident in scratchpad at {c.offset}" in note
            assert "stored\tdram at " in note
            seen += 1
        assert seen > 5
        assert {"constant", "streamed constant"} <= set(page.inner_text("#legend").splitlines())
        page.locator("#held tbody tr").filter(has_text="stem/bias").click()
        assert "streamed for step 0" in page.inner_text("#tip")
        assert "in step 0 CONV_2D stem" in page.inner_text("#tip")


def test_the_constants_are_a_table(look):
    made = plan(MODELS / "branchy.tflite", budget="46KiB")
    with look(made) as page:
        assert page.inner_text("#constants-where") == "10504 B (10.26 KiB) in 19"
        cells = [row.split("\t") for row in page.inner_text("#held tbody").splitlines()]
        assert len(cells) == 19
        names = {row.key: row.name for row in made.tensors}
        home, copy = (row for row in made.constants if names[row.tensors[0]] == "b_wide/filter")
        use, why = f"resident in scratchpad at {copy.offset}", "loaded once, before the first run"
        assert cells[0] == ["4608", "b_wide/filter", "", use, why, f"dram at {home.offset}"]
        assert "streamed" in page.inner_text("#weights")
        assert [int(row[0]) for row in cells] == sorted((int(row[0]) for row in cells), reverse=True)
        assert cells[-1][3] == "streamed for step 10"
        page.fill("#search", "stem")
        assert page.locator("#held tbody tr").count() == 2
    with look(plan(MODELS / "branchy.tflite", "tflm")) as page:
        cells = [row.split("\t") for row in page.inner_text("#held tbody").splitlines()]
        assert {row[3] for row in cells} == {"read in place"}


def test_the_operators_that_read_constants_are_a_table(look):
    model = load(MODELS / "branchy.tflite")
    made = plan(model, "coral-edgetpu", budget="44KiB")
    known = find_weights(made, model.graph)
    with look(made, facts=ModelFacts(model.graph)) as page:
        assert page.inner_text("#layers-where") == f"{len(known.layers)} operators that read constants"
        assert page.inner_text("#layers thead").split("\t")[2:5] == ["weights", "resident", "streamed"]
        cells = [row.split("\t") for row in page.inner_text("#layers tbody").splitlines()]
        assert [int(row[0]) for row in cells] == [layer.step for layer in known.layers]
        for row, layer in zip(cells, known.layers, strict=True):
            shares = dict(layer.shares)
            assert row[1:3] == [layer.kind, str(layer.bytes)]
            assert row[3:5] == [str(shares.get(place, "")) for place in ("resident", "streamed")]
            assert row[5] == reason(layer, known)
        page.fill("#search", "a_wide")
        assert page.locator("#layers tbody tr").count() == 1
    with look(made) as page:
        assert page.locator("#by-operator").is_hidden()


def test_a_long_table_of_operators_is_cut(look):
    sketch = Sketch()
    last = sketch.input(8)
    for _ in range(300):
        last = sketch.op([last, sketch.tensor(8, TensorKind.CONSTANT)], 8)
    sketch.outputs = [last]
    model = Model(INFO, graph_of(sketch))
    with look(plan(model, "coral-edgetpu"), facts=ModelFacts(model.graph)) as page:
        assert page.locator("#layers tbody tr").count() == 200
        assert page.inner_text("#all-layers") == "Show all 300"
        page.click("#all-layers")
        assert page.locator("#layers tbody tr").count() == 300
        page.emulate_media(media="print")
        page.wait_for_timeout(200)
        table, below = page.locator("#layers").bounding_box(), page.locator("#held").bounding_box()
        assert table["y"] + table["height"] <= below["y"]  # no table is printed over the next


def with_five_thousand_constants():
    """A plan of 5,000 buffers and constants: half of these stay in the memory, half are streamed."""
    made = plan_of(*((i % 100 * 64, 64, i, i + 2) for i in range(5000)))
    size, peak, count = 48, 6400, 5000
    rows = [PlannedConstant(i, "far", size * i, size, 0, count + 1, ((1, i),)) for i in range(count)]
    for i in range(count):
        stays = i < count // 2
        place = (peak + size * i, size, 0, count + 1) if stays else (peak, size, i, i + 1)
        rows.append(PlannedConstant(count + i, "m", *place, ((1, i),), "resident" if stays else "streamed"))
    held = tuple(PlannedTensor(1, i, f"w{i}", "int8", (size,), size, "constant", None, None, "") for i in range(count))
    near = replace(made.memories[0], loaded=size * count // 2)
    far = replace(near, name="far", peak=0, lower_bound=0, live_bytes=0, loaded=0, constants=count * size)
    return replace(made, tensors=made.tensors + held, constants=tuple(rows), memories=(near, far))


def _wait_for(page, condition):
    """Wait until a condition holds in the page, whose policy forbids Playwright's own way."""
    end = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def processor_time(session):
    """Seconds that the page has computed. Other work of the machine does not count, as it does in a frame's time."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(row["value"] for row in metrics if row["name"] == "TaskDuration")


def test_five_thousand_constants_stay_smooth(look):
    made = with_five_thousand_constants()
    texts = ["w", "w1", "w12", "w123", "w12", "w1", "w", ""]
    with look(made) as page:
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = processor_time(session)
        page.evaluate(
            """async (texts) => {
              const box = document.getElementById("search"), table = document.getElementById("held");
              for (const text of texts) {
                box.value = text;
                box.dispatchEvent(new Event("input"));
                table.getBoundingClientRect();
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
              }
            }""",
            texts,
        )
        taken = processor_time(session) - before
        assert page.locator("#held tbody tr").count() == 200
        assert hover(page, [made], 3000.5, 6400 + 48 * 1200).startswith("w1")
        page.click("#all-constants")
        assert page.locator("#held tbody tr").count() == 5000
    # For each letter that is typed, two frames included.
    assert taken / len(texts) < 0.2


def test_wheel_and_drag_change_the_visible_part(look):
    made = plan_of((0, 50, 0, 50), (50, 50, 50, 100))
    with look(made) as page:
        x, y = point(page, [made], 75, 75)
        assert "t1" in hover(page, [made], 75, 75)
        for _ in range(4):
            page.mouse.wheel(0, -1000)
        assert "t1" in hover(page, [made], 74, 74)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 3000, y - 3000, steps=4)
        page.mouse.up()
        page.mouse.move(x + 1, y)
        assert page.locator("#tip").is_hidden()  # neither of them is at step 70, address 8
        page.get_by_role("button", name="All").click()
        assert "t1" in hover(page, [made], 75, 74)


PALE, DARK = 200, 60


@pytest.mark.parametrize(("scheme", "light"), [("light", True), ("dark", False)])
def test_it_is_light_or_dark_as_the_system_or_the_reader_has_it(look, scheme, light):
    def ground(page):
        return int(page.evaluate("getComputedStyle(document.body).backgroundColor").split("(")[1].split(",")[0])

    with look(*both("branchy.tflite"), color_scheme=scheme) as page:
        assert (ground(page) > PALE) is light
        page.click("#theme")
        assert ground(page) > PALE
        page.click("#theme")
        assert ground(page) < DARK
        page.emulate_media(media="print")
        _wait_for(page, "document.documentElement.dataset.theme === 'light'")  # the page is told later
        assert ground(page) == 255
        assert page.locator("nav").is_hidden()
        assert page.locator("#full").is_visible()


def test_the_rectangles_are_painted_in_the_colours_of_the_legend(look):
    made = plan_of((0, 50, 0, 2), (50, 50, 2, 4))
    with look(made) as page:
        x, y = point(page, [made], 1.6, 20)
        box = page.locator("#canvas").bounding_box()
        painted = page.evaluate(
            "([x, y]) => [...document.getElementById('canvas').getContext('2d').getImageData(x, y, 1, 1).data]",
            [round(x - box["x"]), round(y - box["y"])],
        )
        spots = page.evaluate(
            "[...document.querySelectorAll('#legend i')].map((i) => getComputedStyle(i).backgroundColor)"
        )
        assert f"rgb({', '.join(map(str, painted[:3]))})" == spots[0]


def test_five_thousand_buffers_stay_smooth(look):
    made = plan_of(*((i * 7919 % 4096 * 64, 64 * (1 + i % 9), i, i + 1 + i % 40) for i in range(5000)))
    with look(made) as page:
        times = page.evaluate(
            """async () => {
              const canvas = document.getElementById("canvas"), box = canvas.getBoundingClientRect();
              const at = (i) => ({ clientX: box.left + 300 + i, clientY: box.top + 200 });
              const frame = () => new Promise((done) => requestAnimationFrame(done));
              const times = [];
              let last = await frame();
              for (let i = 0; i < 60; i++) {
                canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: i < 30 ? -100 : 100, ...at(i) }));
                canvas.dispatchEvent(new PointerEvent("pointermove", at(i)));
                const now = await frame();
                times.push(now - last);
                last = now;
              }
              return times.sort((a, b) => a - b);
            }"""
        )
    # Milliseconds of a frame: 17 on a machine that has nothing else to do.
    assert times[len(times) // 2] < 100


def test_a_plan_of_nothing(look):
    with look(plan_of()) as page:
        assert page.inner_text("#full-where") == "nothing is stored"
        page.focus("#canvas")
        page.keyboard.press("ArrowRight")


def test_names_are_shown_and_never_run(look):
    name = "</script><img src=x onerror=alert(1)>'\""
    made = plan_of((0, 8, 0, 2), names={0: name})
    with look(made) as page:
        assert hover(page, [made], 1, 4).startswith(name)
        assert page.locator("img").count() == 0


def test_a_peak_that_did_not_change_is_the_same_as_before(look):
    made = plan_of((0, 50, 0, 4))
    with look(made, made) as page:
        assert "the same as before" in page.inner_text("#figures")
        page.get_by_role("button", name="Before").click()
        assert "the same as planned" in page.inner_text("#figures")


def test_the_time_of_a_run_is_in_the_first_lines(look):
    made = plan(MODELS / "branchy.tflite", "ethos-u65", budget="20KiB")
    assert made.time is not None
    with look(made) as page:
        assert f"; one run: {time_line(made, names=True)}" in page.inner_text("#verdict")
