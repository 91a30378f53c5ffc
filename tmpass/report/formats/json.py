"""The plan as JSON, schema `docs/plan.schema.json`: the only format that tmpass reads."""

from tmpass.plans.plan import Plan

NAME = "json"
SUFFIX = ".json"
SUMMARY = "the plan itself, the format that tmpass reads"


def emit(plan: Plan) -> str:
    """`plan` as JSON."""
    return plan.to_json()
