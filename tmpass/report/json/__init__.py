"""JSON of explanations, targets and verifications."""
