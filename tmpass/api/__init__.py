"""What users call: plan, verify, execute, planned models, probes."""
