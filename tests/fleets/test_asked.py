"""The options of a row as text: the same text for the same options, however they are spelled."""

from tmpass.fleets.asked import options_text, plain_options
from tmpass.fleets.job import Aim, Request, Source
from tmpass.fleets.store import key_of
from tmpass.planning.ordering.least_peak import DEFAULT_STATES
from tmpass.targets.scratch.rule import ScratchRule


def test_defaults_have_no_text():
    assert options_text({}) == options_text({"budget": None, "bind": {}, "tie": (), "threads": 4}) == ""
    assert options_text({"inplace": True, "share": "auto"}) == ""


def test_options_are_sorted_and_spelled_one_way():
    text = options_text({"share": "views", "budget": "64KiB", "bind": {"n": 2, "batch": 1}, "inplace": False})
    assert text == "bind=batch:1;n:2, budget=65536, inplace=False, share=views"
    assert text == options_text({"inplace": False, "budget": 65536, "bind": {"batch": 1, "n": 2}, "share": "views"})


def test_a_scratch_file_counts_by_its_content(tmp_path):
    path = tmp_path / "scratch.json"
    texts = []
    for content in (b"1", b"2"):
        path.write_bytes(content)
        texts.append(options_text({"scratch": str(path)}))
    assert texts[0] != texts[1]
    assert all(text.startswith("scratch=scratch.json@") for text in texts)
    assert options_text({"scratch": [ScratchRule("ADD", 4)]}).startswith("scratch=rules@")


def test_a_command_line_and_a_script_have_the_same_options():
    """A command passes texts, and all of its defaults; a script what it names."""
    typed = {"tie": ["b=y", "a=x"], "budget": 65536, "transfers": "auto", "bind": {}, "states": DEFAULT_STATES}
    written = {"tie": {"a": "x", "b": "y"}, "budget": "64KiB"}
    assert plain_options(typed) == plain_options(written)
    assert options_text(typed) == options_text(written) == "budget=65536, tie=a=x;b=y"
    model = Source("m.tflite", b"")
    keys = {key_of("digest", Request(model, (), options), Aim("a", None, "")) for options in (typed, written)}
    assert len(keys) == 1
