from tmpass.base.errors import ModelError, UnknownSizeError


def test_an_error_is_one_line_of_where_what_and_what_next():
    error = ModelError("it is broken", where="tensor 3", hint="mend it")
    assert str(error) == "tensor 3: it is broken; mend it"
    assert (error.what, error.where, error.hint, error.exit_code) == (
        "it is broken",
        "tensor 3",
        "mend it",
        3,
    )


def test_a_place_can_be_put_in_front():
    assert str(ModelError("x", where="b").within("a")) == "a: b: x"


def test_names_from_a_file_cannot_break_the_line_or_the_terminal():
    assert "\n" not in str(ModelError("tensor 'a\n\x1b[2J'"))


def test_unknown_sizes_carry_tensors_and_symbols():
    error = UnknownSizeError("x", tensors=("a",), symbols=("n",), hint="bind")
    assert (error.tensors, error.symbols, error.exit_code) == (("a",), ("n",), 3)


def test_a_name_of_a_megabyte_stays_short_in_a_message():
    error = ModelError("x" * 10**6, where="y" * 10**6, hint="z" * 10**6).within("model.onnx")
    text = str(error)
    assert len(text) < 4000
    assert text.startswith("model.onnx: yyy")
    assert text.endswith("z")
    assert "x ... x" in text
