"""The result of a verification as JSON."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tmpass.base.json_text import json_text
from tmpass.plans.plan import Plan
from tmpass.report.kernels import condition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tmpass.base.violation import Violation
    from tmpass.execution.run import Execution
    from tmpass.verification.trust import Proved, Trusted

SCHEMA = "tmpass.verification/1"


def to_json(
    plan: Plan,
    target: str | None,
    violations: "Iterable[Violation]",
    proved: "Iterable[Proved]",
    trusted: "Iterable[Trusted]",
    run: "Execution | None",
) -> str:
    """The result of a verification, and of an execution where there was one, as JSON.

    Args:
        plan: the plan that was verified.
        target: the target that it was verified against, by name or path, if any.
        violations: the laws that it breaks.
        proved: the figures that the verifier proved again.
        trusted: the figures that were taken on trust.
        run: the result of `tmpass verify --execute`, if that ran.
    """
    broken = [asdict(violation) for violation in violations]
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "model": plan.model.file,
        "sha256": plan.model.sha256,
        "target": target,
        "right": not broken,
        "fits": plan.fits,
        "missing": {one.name: one.shortfall for one in plan.memories if one.shortfall},
        "violations": broken,
        "not_counted": [asdict(row) for row in plan.not_counted],
        **({"not_run": [asdict(row) for row in plan.not_run]} if plan.not_run else {}),
        **({"condition": needed} if (needed := condition(plan)) else {}),
        "proved": [asdict(one) for one in proved],
        "trusted": [asdict(one) for one in trusted],
        "executed": None,
    }
    if run is not None:
        facts["executed"] = {
            "engine": run.engine,
            "given": list(run.given),
            "drawn": list(run.drawn),
            "seeds": list(run.seeds),
            "steps": run.steps,
            "compared_bytes": run.compared,
            "outputs": run.outputs,
            "output_bytes": run.output_bytes,
            "unreached": len(run.unreached),
            "notes": list(run.notes),
        }
    return json_text(facts, indent=2) + "\n"
