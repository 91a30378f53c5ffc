"""Scratch: buffers that kernels need while they run, beside the tensors of the model.

    [[scratch]] of a profile ──┐
    rows of a scratch file ────┴─> rules ── scratch_of ──> bytes of each buffer, by operator

A rule is for one operator or for all of a kind. The file's rules for an operator replace all others for it, and its
rules for a kind replace those of the profile. Several rules for the same operator or kind give several buffers.
"""
