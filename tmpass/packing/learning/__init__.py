"""Learned backtracking for telamalloc: from dead ends of a search to trees that say where to go back to.

Source: Maas et al., "TelaMalloc: Efficient On-Chip Memory Allocation for Production Machine Learning Accelerators",
ASPLOS 2023, sections 5 to 7.
"""
