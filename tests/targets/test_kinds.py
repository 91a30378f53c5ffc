"""The kinds of operators that a profile names, for sharing and for scratch."""

import re

import pytest
from support.profiles import PROFILE, parse

from tmpass.base.errors import TargetError
from tmpass.targets import EVERY, Over, Sharing, load_target, target_names
from tmpass.targets.kinds import known_kinds
from tmpass.targets.scratch.rule import ScratchRule


class TestSharing:
    """The table `sharing` of a profile: which operators may share storage."""

    def test_without_the_table_only_views_are_allowed(self):
        assert parse(PROFILE).sharing == Sharing((EVERY,), (), (), {})

    def test_kinds_that_the_table_does_not_list_are_not_allowed(self):
        sharing = parse(PROFILE + "[sharing]\nin_place = { value = ['ADD', 'MUL'], source = 'measured' }\n").sharing
        assert sharing == Sharing((), ("ADD", "MUL"), (), {"in_place": "measured"})
        assert parse(PROFILE + "[sharing]\n").sharing == Sharing((), (), ())

    def test_every_and_none_stand_for_lists(self):
        text = "views = { value = 'every', source = 'a' }\nparts = { value = 'none', source = 'assumed: b' }\n"
        target = parse(f"{PROFILE}[sharing]\n{text}")
        assert target.sharing == Sharing((EVERY,), (), (), {"views": "a", "parts": "assumed: b"})
        assert "sharing.parts" in target.assumed
        assert Sharing.allows(target.sharing.views, "ANY")
        assert not Sharing.allows(target.sharing.parts, "ANY")

    def test_a_kind_may_stand_with_the_input_that_its_kernel_writes_over(self):
        rows = "'ADD', { op = 'SOFTMAX', input = 0 }, { op = 'TensorScatter' }, "
        rows += "{ op = 'Attention', input = 4, output = 1 }"
        sharing = parse(f"{PROFILE}[sharing]\nin_place = {{ value = [{rows}], source = 'ours' }}\n").sharing
        assert sharing.in_place == ("ADD", Over("SOFTMAX"), Over("TensorScatter"), Over("Attention", 4, 1))

    @pytest.mark.parametrize("key", ["views", "in_place", "parts"])
    @pytest.mark.parametrize(
        "kind", ["CONV_2D", "Conv", "com.microsoft::Gelu", "ai.onnx.ml::Scaler", "custom:Mine", "custom:a::B"]
    )
    def test_kinds_are_those_of_the_formats_or_marked_as_custom(self, key, kind):
        sharing = parse(f"{PROFILE}[sharing]\n{key} = {{ value = ['{kind}'], source = 'a' }}\n").sharing
        assert getattr(sharing, key) == (kind,)

    @pytest.mark.parametrize(
        ("kind", "hint"),
        [
            ("NoSuchOperator", 'a custom operator is written "custom:NoSuchOperator"'),
            ("SOFTMAXX", "did you mean 'SOFTMAX'?"),
            ("depthwise_conv_2d", "did you mean 'DEPTHWISE_CONV_2D'?"),
            ("softmax", "did you mean 'Softmax'?"),
            ("com.acme::Gelu", "did you mean 'com.microsoft::Gelu'?"),
            ("custom:", 'write "custom:NAME"'),
            ("x" * 500, "a custom operator is written"),
        ],
    )
    @pytest.mark.parametrize("form", ["'{}'", "{{ op = '{}', input = 0 }}"])
    def test_a_kind_that_no_format_has_is_a_mistake_with_the_nearest_name(self, kind, hint, form):
        with pytest.raises(TargetError) as caught:
            parse(f"{PROFILE}[sharing]\nin_place = {{ value = ['ADD', {form.format(kind)}], source = 'a' }}\n")
        assert caught.value.where == "mine.toml, line 23, sharing.in_place.value"
        assert hint in caught.value.hint
        assert len(str(caught.value)) < 300

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("{ input = 0 }", "`op` is missing"),
            ("{ op = 3 }", "3 is not a kind of operator"),
            ("{ op = 'ADD', input = -1 }", "-1 is not the position of an input of ADD"),
            ("{ op = 'ADD', input = 'x' }", "'x' is not the position of an input of ADD"),
            ("{ op = 'ADD', output = true }", "true is not the position of an output of ADD"),
            ("{ op = 'ADD', input = 99999 }", "99999 is not the position"),
            ("{ op = 'ADD', over = 0 }", "'over' is unknown here"),
            ("{ op = 'ADD' }, { op = 'ADD', input = 0 }", "occurs twice"),
            ("{ op = 'every' }", "is not a kind of operator"),
        ],
    )
    def test_a_table_of_a_kind_that_is_wrong(self, row, words):
        with pytest.raises(TargetError, match=re.escape(words)):
            parse(f"{PROFILE}[sharing]\nin_place = {{ value = [{row}], source = 'a' }}\n")

    def test_views_and_parts_have_no_input_to_choose(self):
        with pytest.raises(TargetError, match="is not a kind of operator"):
            parse(f"{PROFILE}[sharing]\nviews = {{ value = [{{ op = 'RESHAPE' }}], source = 'a' }}\n")

    def test_the_lists_of_kinds_have_what_the_packages_have(self):
        import onnx.defs
        from tflite.BuiltinOperator import BuiltinOperator

        known = known_kinds()
        assert {name for name in vars(BuiltinOperator) if name.isupper()} - known <= {"CUSTOM"}
        schemas = onnx.defs.get_all_schemas_with_history()
        assert {f"{s.domain}::{s.name}" if s.domain else s.name for s in schemas} <= known

    @pytest.mark.parametrize("name", target_names())
    def test_each_built_in_profile_says_where_its_facts_come_from(self, name):
        sharing = load_target(name).sharing
        assert set(sharing.sources) == {"views", "in_place", "parts"}
        assert sharing.views == (EVERY,)

    def test_runtimes_allow_what_was_measured(self):
        assert load_target("litert-cpu").sharing.in_place == ("ADD", "DIV", "MUL", "SUB")
        micro = {load_target(name).sharing for name in target_names() if name.startswith("tflm")}
        assert len(micro) == 1
        assert "SOFTMAX" not in micro.pop().in_place

    @pytest.mark.parametrize(
        ("line", "key"),
        [
            ("views = 'every'", "sharing.views"),
            ("views = { value = 'every' }", "sharing.views"),
            ("views = { value = 'all', source = 'a' }", "sharing.views.value"),
            ("views = { value = 1, source = 'a' }", "sharing.views.value"),
            ("views = { value = ['ADD', 'ADD'], source = 'a' }", "sharing.views.value"),
            ("views = { value = ['every'], source = 'a' }", "sharing.views.value"),
            ("views = { value = ['A', ''], source = 'a' }", "sharing.views.value"),
            ("views = { value = [['A']], source = 'a' }", "sharing.views.value"),
            ("views = { value = [], source = '' }", "sharing.views.source"),
            ("view = { value = [], source = 'a' }", "sharing.view"),
        ],
    )
    def test_a_mistake_with_its_place(self, line, key):
        with pytest.raises(TargetError) as caught:
            parse(f"{PROFILE}[sharing]\n{line}\n")
        assert caught.value.where == f"mine.toml, line 23, {key}"
        assert caught.value.hint

    def test_a_value_that_is_not_a_table(self):
        with pytest.raises(TargetError, match="not a table; write \\[sharing\\]") as caught:
            parse("sharing = 5\n" + PROFILE)
        assert caught.value.where == "mine.toml, line 1, sharing"


class TestScratch:
    """The tables `scratch` of a profile: buffers that kernels need while they run."""

    def test_each_row_is_a_rule_for_a_kind(self):
        first = '[[scratch]]\nop = "SVDF"\nbytes = { value = 512, source = "measured" }\n'
        second = '[[scratch]]\nop = "SVDF"\nbytes = { value = "2 * in0.bytes", source = "assumed" }\n'
        target = parse(PROFILE + first + second)
        rules = ScratchRule("SVDF", 512, source="measured"), ScratchRule("SVDF", "2 * in0.bytes", source="assumed")
        assert target.scratch == rules
        assert "scratch.SVDF" in target.assumed
        assert parse(PROFILE).scratch == ()

    @pytest.mark.parametrize(
        ("row", "key"),
        [
            ("op = ''\nbytes = { value = 1, source = 'a' }", "scratch[0].op"),
            ("bytes = { value = 1, source = 'a' }\nkind = 'A'", "scratch[0].kind"),
            ("bytes = { value = 'in0', source = 'a' }\nop = 'A'", "scratch[0].bytes.value"),
            ("bytes = { value = -1, source = 'a' }\nop = 'A'", "scratch[0].bytes.value"),
            ("bytes = { value = [1], source = 'a' }\nop = 'A'", "scratch[0].bytes.value"),
            ("bytes = 512\nop = 'A'", "scratch[0].bytes"),
            ("op = 'A'", "scratch[0]"),
        ],
    )
    def test_a_mistake_with_its_place(self, row, key):
        with pytest.raises(TargetError) as caught:
            parse(f"{PROFILE}[[scratch]]\n{row}\n")
        assert caught.value.where.startswith("mine.toml, line 2")
        assert caught.value.where.endswith(f", {key}")
        assert caught.value.hint

    def test_a_value_that_is_not_a_list_of_rows(self):
        with pytest.raises(TargetError, match=r"there is no list of scratch buffers; begin each with \[\[scratch\]\]"):
            parse("scratch = 5\n" + PROFILE)
