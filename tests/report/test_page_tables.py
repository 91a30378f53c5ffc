"""The tables of the HTML page in a real browser: steps, all buffers, addresses; keys, print and narrow screens."""

import pytest
from support.pages import MODELS, both, plan_of, point

from tmpass.api.plan import plan
from tmpass.packing.problem import in_use
from tmpass.plans.peak_step import find_peak_step
from tmpass.report.answer import sentence
from tmpass.targets import Memory, Target

pytestmark = pytest.mark.browser


def names_in(page, table):
    return [cell.split(" and ")[0] for cell in page.locator(f"{table} tbody a").all_inner_texts()]


def alive(made, step):
    """The bytes in use at a step, the largest first."""
    rows = ((b, low, high) for b in made.buffers for lower, upper, low, high in in_use(b) if lower <= step < upper)
    return sorted((high - low for b, low, high in rows if b.memory == made.memories[0].name), reverse=True)


def test_a_click_on_any_step_shows_its_table(look):
    made, _ = both("attention.tflite")
    with look(made) as page:
        for step in range(len(made.schedule)):
            page.mouse.click(*point(page, [made], step + 0.5, 0))
            assert page.inner_text("#full-title") == f"Alive at step {step}"
            assert f"step {step} {made.schedule[step].kind}" in page.inner_text("#full-where")
            cells = [row.split("\t") for row in page.inner_text("#full tbody").splitlines()]
            assert [int(row[0]) for row in cells] == alive(made, step)
            assert page.input_value("#step") == str(step)
        page.click("#peak")
        assert page.inner_text("#full-title") == "Alive at the peak step"


def test_a_click_below_the_arena_chooses_a_step_too(look):
    made = plan_of((0, 50, 0, 4), (50, 50, 2, 4))
    with look(made) as page:
        box = page.locator("#canvas").bounding_box()
        x, _ = point(page, [made], 1.5, 0)
        page.mouse.click(x, box["y"] + box["height"] - 40)
        assert page.inner_text("#full-title") == "Alive at step 1"
        assert page.evaluate("location.hash") == "#step=1"
        assert names_in(page, "#full") == ["t0"]


def test_keys_and_the_field_go_from_step_to_step(look):
    made = plan_of((0, 50, 0, 4), (50, 50, 2, 4))
    peak = find_peak_step(made, made.memories[0]).at
    with look(made) as page:
        page.focus("#canvas")
        page.keyboard.press("[")
        assert page.inner_text("#full-title") == f"Alive at step {peak - 1}"
        page.keyboard.press("]")
        page.keyboard.press("]")
        assert page.inner_text("#full-title") == f"Alive at step {peak + 1}"
        for _ in range(9):
            page.keyboard.press("]")
        assert page.inner_text("#full-title") == "Alive at step 3"
        page.keyboard.press("p")
        assert page.inner_text("#full-title") == "Alive at the peak step"
        page.fill("#step", "1")
        page.press("#step", "Enter")
        assert page.inner_text("#full-title") == "Alive at step 1"
        page.fill("#step", "")
        page.press("#step", "Enter")
        assert page.inner_text("#full-title") == "Alive at the peak step"


def test_all_buffers_are_a_table_with_addresses_in_hex(look):
    made = plan(MODELS / "branchy.tflite")
    rows = {t.key: t.name for t in made.tensors}
    inside = [b for b in made.buffers if b.memory == made.memories[0].name]
    with look(made) as page:
        cells = [row.split("\t") for row in page.inner_text("#places tbody").splitlines()]
        wanted = {(rows[b.tensors[0]], str(b.size), hex(b.offset), hex(b.offset + b.size)) for b in inside}
        assert {(row[0].split(" and ")[0], *row[2:5]) for row in cells} == wanted
        page.get_by_role("button", name="bytes").click()
        cells = [row.split("\t") for row in page.inner_text("#places tbody").splitlines()]
        assert [int(row[2]) for row in cells] == sorted((b.size for b in inside), reverse=True)
        page.keyboard.press("Enter")  # the button that was clicked has the focus
        cells = [row.split("\t") for row in page.inner_text("#places tbody").splitlines()]
        assert [int(row[2]) for row in cells] == sorted(b.size for b in inside)


def test_the_filter_knows_names_operators_steps_and_addresses(look):
    made = plan_of((0, 64, 0, 4), (64, 64, 2, 4), (128, 64, 3, 4), names={2: "Last"})
    with look(made) as page:
        for asked, found in (
            ("last", ["Last"]),
            ("kind2", ["t1"]),
            ("0x40", ["t1"]),
            ("0x3f", ["t0"]),
            ("2", ["t0", "t1"]),
            ("zz", []),
            ("", ["t0", "t1", "Last"]),
        ):
            page.fill("#filter", asked)
            assert names_in(page, "#places") == found, asked
        page.fill("#filter", "last")
        assert page.inner_text("#places-where") == "3 in m; 1 found"


def test_a_fragment_leads_to_a_tensor(look):
    name = "a/ä b:0#1"
    made = plan_of((0, 64, 0, 4), (64, 64, 2, 4), (128, 64, 3, 4), names={1: name, 2: "t0"})
    with look(made) as page:
        page.locator("#places a").nth(1).click()
        assert page.inner_text("#tip b") == name
        address = page.url
        assert address.endswith("#tensor=a%2F%C3%A4%20b%3A0%231")
        page.goto("about:blank")
        page.goto(address)
        assert page.inner_text("#tip b") == name
        page.evaluate("location.hash = '#tensor=0:2'")  # two tensors are called "t0"
        page.wait_for_function("document.querySelector('#tip b').textContent === 't0'")
        assert page.locator("#places .chosen").count() == 1
        assert page.locator("#places a").nth(2).get_attribute("href") == "#tensor=0%3A2"
        page.evaluate("location.hash = '#tensor=nothing'")
        page.wait_for_function("document.getElementById('found').textContent === 'nothing is not in this plan'")
        page.evaluate("location.hash = '#step=1'")
        page.wait_for_function("document.getElementById('full-title').textContent === 'Alive at step 1'")
        page.evaluate("location.hash = '#tensor=%'")
        page.focus("#canvas")
        page.keyboard.press("Escape")


def test_a_tensor_in_another_memory_and_the_copies_of_a_step(look):
    made = plan(MODELS / "branchy.tflite", "coral-edgetpu", budget="34KiB")
    assert made.transfers is not None
    assert len(made.arenas) == 2
    moved = next(b for b in made.buffers if b.first is not None and b.memory == made.memories[0].name)
    with look(made) as page:
        page.fill("#step", str(moved.lower))
        page.press("#step", "Enter")
        assert "fetched" in page.inner_text("#step-copies")
        assert f"{moved.size} B" in page.inner_text("#step-copies")
        page.select_option("#memory", "1")
        away = [b for b in made.buffers if b.memory == made.memories[1].name]
        assert len(names_in(page, "#places")) == len(away)
        assert hex(away[0].offset) in page.inner_text("#places tbody")


def test_it_says_by_how_much_a_plan_does_not_fit(look):
    made = plan(MODELS / "branchy.tflite", budget="20KiB")
    with look(made) as page:
        assert page.inner_text("#verdict b") == sentence(made)
        assert "missing" in page.inner_text("#figures")


def test_everything_can_be_reached_with_the_keyboard(look):
    with look(*both("branchy.tflite")) as page:
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
        wanted = {"colour", "search", "closer", "farther", "whole", "theme", "canvas", "step-back", "step", "step-on"}
        assert wanted | {"peak", "filter", "sort"} <= reached
        page.focus("#places a")
        page.keyboard.press("Enter")
        assert page.locator("#tip").is_visible()


def test_a_narrow_screen_scrolls_tables_and_not_the_page(look):
    made, before = both("branchy.tflite", budget="20KiB")
    with look(made, before, viewport={"width": 390, "height": 844}) as page:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        below = [page.locator(part).bounding_box()["y"] for part in ("#canvas", "#full", "#places")]
        assert below == sorted(below)


def test_a_print_has_the_first_rows_or_all_that_are_shown(look):
    made = plan_of(*((8 * i, 8, i, i + 2) for i in range(300)))
    with look(made) as page:
        page.emulate_media(media="print")
        page.wait_for_timeout(200)
        assert page.locator("#places tbody tr:visible").count() == 40
        assert page.locator("#filter").is_hidden()
        page.emulate_media(media="screen")
        page.click("#all-places")
        page.emulate_media(media="print")
        page.wait_for_timeout(200)
        assert page.locator("#places tbody tr:visible").count() == 300


def test_a_print_has_all_memories(look):
    slow = Memory("slow", 1 << 20, 16, ("activations", "weights"))
    fast = Memory("fast", 48000, 16, ("activations", "variables", "inputs_outputs"))
    made = plan(MODELS / "branchy.onnx", Target("two", "", "", (fast, slow)), transfers="required")
    with look(made) as page:
        assert page.locator("#others canvas").count() == 0
        page.emulate_media(media="print")
        page.wait_for_function("document.getElementById('printed').textContent === 'Memory fast'")
        assert page.locator("#others h2").all_inner_texts() == ["Memory slow"]
        assert "peak 4096 B (4 KiB)" in page.locator("#others p").inner_text()
        assert page.locator("#others tbody tr:visible").count() == 1 == len(made.buffers_in("slow"))
        size = page.evaluate("(({ width, height }) => [width, height])(document.querySelector('#others canvas'))")
        painted = page.evaluate(
            "([w, h]) => [...document.querySelector('#others canvas').getContext('2d').getImageData(0, 0, w, h).data]"
            ".some((value, at) => at % 4 === 3 && value)",
            size,
        )
        assert painted
        page.emulate_media(media="screen")
        page.wait_for_timeout(200)
        assert page.locator("#others canvas").count() == 0
        assert page.locator("#places-where").inner_text().endswith("in fast")
        page.select_option("#memory", label="slow")
        page.emulate_media(media="print")
        page.wait_for_timeout(300)
        assert page.locator("#printed").inner_text() == "Memory slow"
        assert page.locator("#others h2").all_inner_texts() == ["Memory fast"]


def test_a_print_of_one_memory_names_none(look):
    with look(plan_of((0, 8, 0, 1))) as page:
        page.emulate_media(media="print")
        page.wait_for_timeout(300)
        assert page.locator("#printed").is_hidden()


def test_five_thousand_buffers_stay_smooth_in_the_tables(look):
    made = plan_of(*((i * 7919 % 4096 * 64, 64 * (1 + i % 9), i, i + 1 + i % 40) for i in range(5000)))
    with look(made) as page:
        times = page.evaluate(
            """async () => {
              const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
              const filter = document.getElementById("filter"), next = document.getElementById("step-on");
              const times = [];
              for (const text of ["t", "t1", "t12", "0x4000", "17", "kind1", "t", ""]) {
                const begin = performance.now();
                filter.value = text;
                filter.dispatchEvent(new Event("input"));
                await frame();
                times.push(performance.now() - begin);
                const middle = performance.now();
                next.click();
                await frame();
                times.push(performance.now() - middle);
              }
              return times.sort((a, b) => a - b);
            }"""
        )
        assert page.locator("#places tbody tr").count() == 200
        page.click("#all-places")
        assert page.locator("#places tbody tr").count() == 5000
    # Milliseconds for each letter or step, two frames included: 34 where nothing else runs.
    assert times[len(times) // 2] < 200
