"""Targets as JSON: every number and rule with its source."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tmpass.base.json_text import json_text
from tmpass.targets import EVERY, Memory, Over, Target

if TYPE_CHECKING:
    from collections.abc import Iterable


def target_json(target: Target) -> str:
    """One target as a JSON object with the keys of a profile, and a newline at the end."""
    return json_text(_target(target), indent=2) + "\n"


def targets_json(targets: "Iterable[Target]") -> str:
    """A list of targets as JSON, with a newline at the end."""
    return json_text([_target(target) for target in targets], indent=2) + "\n"


def _target(target: Target) -> dict[str, Any]:
    sharing = target.sharing
    return {
        "name": target.name,
        "summary": target.summary,
        "standing": target.standing,
        **({"consumer": target.consumer} if target.consumer else {}),
        **({"runtime": target.runtime.name} if target.runtime.name else {}),
        **({"implied": target.implied} if target.implied else {}),
        **({"int8": {"value": target.int8, "source": target.int8_source}} if target.int8_source else {}),
        **({"word": {"value": target.word, "source": target.word_origin}} if target.word_origin else {}),
        **{name: {"value": getattr(target, name), "source": source} for name, source in target.sources.items()},
        "memory": [_memory(memory) for memory in target.memories],
        "sharing": {
            name: {"value": _kinds(getattr(sharing, name)), "source": sharing.sources.get(name, "")}
            for name in ("views", "in_place", "parts")
        },
        "scratch": [{"op": r.kind, "bytes": {"value": r.bytes, "source": r.source}} for r in target.scratch],
    }


def _memory(memory: Memory) -> dict[str, Any]:
    facts: dict[str, Any] = {"capacity": "unlimited" if memory.capacity is None else memory.capacity}
    facts["alignment"] = memory.alignment
    for name in ("bandwidth", "write_bandwidth", "reserve", "compute", "chunk", "survives"):
        if name in memory.sources:
            facts[name] = getattr(memory, name)
    sourced = {name: {"value": value, "source": memory.sources.get(name, "")} for name, value in facts.items()}
    return {"name": memory.name, **sourced, "holds": memory.holds}


def _kinds(kinds: tuple[str | Over, ...]) -> object:
    if EVERY in kinds or not kinds:
        return EVERY if kinds else "none"
    return [asdict(kind) if isinstance(kind, Over) else kind for kind in kinds]
