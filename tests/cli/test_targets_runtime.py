"""`tmpass targets NAME` on what a runtime brings."""

from support.profiles import PROFILE


def test_targets_says_what_came_from_where(run, tmp_path):
    done = run("targets", "tflm")
    said = "runtime  tflm brings sharing, kernels, the tail of the arena, sizes in multiples of 16 B, "
    assert f"{said}tensors at multiples of 16 B\n" in done.out
    assert "runtime tflm: measured with tflite-micro" in done.out
    path = tmp_path / "board.toml"
    own = '[sharing]\nin_place = { value = ["ADD"], source = "our kernels" }\n'
    path.write_text(PROFILE.replace('standing = "assumed"\n', 'standing = "assumed"\nruntime = "litert"\n') + own)
    done = run("targets", path)
    assert "runtime  litert brings scratch; sharing is that of the profile\n" in done.out
    assert "runtime litert: measured" in done.out
    assert "runtime litert: our kernels" not in done.out
