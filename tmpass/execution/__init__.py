"""Execution of a plan: operators compute on the bytes at the planned offsets, and on nothing else."""
