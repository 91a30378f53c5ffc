"""What a table `sharing` of a profile leaves out of what its runtime allows."""

from tmpass.targets.parse import implied_rules
from tmpass.targets.sharing import Sharing
from tmpass.targets.target import Target

_KEYS = ("views", "in_place", "parts")


def replaced_sharing(target: Target) -> str:
    """That keys are missing in the table `sharing` of a profile, in a line; empty where none is, or it has no keys.

    The table replaces that of the runtime as a whole, so a key that is missing allows nothing.
    """
    own = target.sharing
    if "sharing" in target.implied or not own.sources:
        return ""
    known = implied_rules(target.runtime)[0] if target.runtime.rules else Sharing()
    missing = [name for name in _KEYS if name not in own.sources and getattr(known, name)]
    if not missing:
        return ""
    names, given = " and ".join(missing), " and ".join(name for name in _KEYS if name in own.sources)
    who = f" of {target.runtime.title}" if target.runtime.rules else ""
    return (
        f"[sharing] of target {target.name} has {given} alone and replaces that{who}, so nothing is shared by {names}: "
        f'write {missing[0]} there too, a list, "every" or "none"'
    )
