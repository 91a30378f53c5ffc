"""The names of the options of `tmpass.plan`, for functions that pass them on."""

from collections.abc import Iterable

from tmpass.api.plan import plan
from tmpass.base.nearest import nearest


def check_names(caller: str, options: Iterable[str]) -> None:
    """Refuse options that `tmpass.plan` does not have, in the name of the function that was given them.

    Raises:
        TypeError: one is not an option of `tmpass.plan`.
    """
    known = plan.__kwdefaults__ or {}
    for name in options:
        if name not in known:
            near = nearest(name, known)
            hint = f". Did you mean {near}?" if near else ""
            raise TypeError(f"{caller}() got an unexpected keyword argument {name!r}{hint}")
