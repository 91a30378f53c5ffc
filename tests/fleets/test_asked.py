"""The options of a row as text: the same text for the same options, however they are spelled."""

from tmpass.fleets.asked import options_text
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
