"""Shapes that operators make of the shapes that go into them, as LiteRT's kernels compute them before they run.

    OpContext ── rule of its kind ──> a shape for each output, with None for each dimension that nobody can tell before a run

`rules.infer` finds the rule. A rule raises `Unknown` where the answer is not in the graph, and `Impossible` where no
kernel could run; an operator without a rule is unknown.
"""
