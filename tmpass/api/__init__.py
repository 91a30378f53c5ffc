"""The public functions: plan, verify, execute, planned models, probes."""
