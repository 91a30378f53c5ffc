"""Reading is bounded for files, pipes and devices."""

import io
import json
import os
import threading

import pytest

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.reading import lone_surrogate, read_bounded, read_stream
from tmpass.loading.load import load
from tmpass.targets.scratch.read import read_scratch, read_scratch_file

MIB = 1 << 20


def test_a_file_up_to_the_limit_is_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * MIB)
    assert len(read_bounded(path, MIB)) == MIB
    path.write_bytes(b"x" * (MIB + 1))
    with pytest.raises(ValueError, match="it has more than 1 MiB"):
        read_bounded(path, MIB)


def test_a_file_with_holes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="it has more than 1 MiB"):
        read_bounded(path, MIB)


def test_a_stream_ends_at_the_limit():
    assert read_stream(io.BytesIO(b"abc"), 3) == b"abc"
    with pytest.raises(ValueError, match="more than 0 MiB"):
        read_stream(io.BytesIO(b"abcd"), 3)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no device without an end")
def test_a_device_without_an_end_is_refused():
    with pytest.raises(ValueError, match="it has more than 1 MiB"):
        read_bounded("/dev/zero", MIB)
    with pytest.raises(UsageError, match="cannot read it: it has more than 4 MiB"):
        read_scratch_file("/dev/zero", "")
    with pytest.raises(ModelError, match="it is a device"):
        load("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_without_an_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tmpass.loading.open_model.MOST_PIPED", 3 * MIB)
    path = tmp_path / "pipe.tflite"
    os.mkfifo(path)

    def fill():
        with path.open("wb", buffering=0) as pipe:
            try:
                while pipe.write(b"x" * MIB):
                    pass
            except BrokenPipeError:
                pass

    writer = threading.Thread(target=fill)
    writer.start()
    with pytest.raises(ModelError, match="it has more than 3 MiB"):
        load(path)
    writer.join(10)
    assert not writer.is_alive()


@pytest.mark.parametrize("text", ['"\\ud800"', '["x", {"\\uDFFF": 1}]', '{"a": {"b": ["\\udc00\\ud800"]}}'])
def test_half_a_character_is_found_wherever_it_is(text):
    assert lone_surrogate(text, json.loads(text))
    assert lone_surrogate(text.encode(), json.loads(text))


@pytest.mark.parametrize("text", ['"\\ud83d\\ude00"', '"\\\\ud800"', '"é"', "[1, {}, null]"])
def test_whole_characters_are_accepted(text):
    assert not lone_surrogate(text, json.loads(text))


def test_a_file_with_half_a_character_is_refused():
    row = '{"schema": "tmpass.scratch/1", "scratch": [{"kind": "ADD", "bytes": 16, "source": "\\ud800"}]}'
    with pytest.raises(UsageError, match=r"s\.json: a text has half a surrogate pair"):
        read_scratch(row, "s.json")
