"""Scratch: buffers that a kernel needs while it runs, and that no tensor of the model stands for.

    [[scratch]] of a profile ──┐
    rows of a scratch file ────┴─> rules ── scratch_of ──> bytes of each buffer, by operator

A rule is for one operator or for all of a kind. The file's rules for an operator replace all others for it, and its
rules for a kind replace those of the profile; several rules that apply alike give several buffers.
"""
