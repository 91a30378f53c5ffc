"""Shape inference: the output shapes of operators, as LiteRT's kernels compute them before they run.

    OpContext ── rule of its kind ──> a shape for each output, with None for each dimension that only a run decides

`rules.infer` finds the rule. A rule raises `Unknown` where the graph does not decide the shapes, and `Impossible` where
no kernel could run. An operator without a rule is unknown.
"""
