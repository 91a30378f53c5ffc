"""JSON of what is not a plan: explanations, targets, verifications."""
