"""The name of the form in which `tmpass spill` writes plans; other commands know such a file by it."""

SPILL_SCHEMA = "tmpass.spill/1"
