"""The plan itself, as tmpass reads it again: docs/plan.schema.json."""

from tmpass.plans.plan import Plan

NAME = "json"
SUFFIX = ".json"
SUMMARY = "the plan itself, which tmpass reads again"


def emit(plan: Plan) -> str:
    """`plan` as JSON."""
    return plan.to_json()
