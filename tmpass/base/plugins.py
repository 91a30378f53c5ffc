"""Parts that other packages bring as entry points. None is imported before somebody asks for it by name."""

from collections.abc import Sequence

from tmpass.base.errors import UsageError, brief


def registered_names(group: str) -> list[str]:
    """The names in the entry point group `group`, sorted. It reads them and imports nothing that they name."""
    from importlib.metadata import entry_points

    return sorted({point.name for point in entry_points(group=group)})


def load_registered(group: str, name: str, needs: Sequence[str]) -> object | None:
    """The object that is registered as `name` in `group`, or None where no package has that name.

    Args:
        group: such as "tmpass.allocators"; the word behind the dot, without its s, stands in errors.
        name: as the user wrote it.
        needs: the names that the object must have, which are its contract.

    Raises:
        UsageError: it cannot be imported, lacks one of `needs`, or two packages bring different ones.
    """
    from importlib.metadata import entry_points

    points = {point.value: point for point in entry_points(group=group) if point.name == name}
    if not points:
        return None
    what = f"{group.rpartition('.')[2].removesuffix('s')} {brief(name)}"
    if len(points) > 1:
        raise UsageError(f"{what} is {' and '.join(sorted(points))}", hint="remove one of the packages that bring it")
    ((value, point),) = points.items()
    repair = "repair or remove the package that brings it"
    try:
        found: object = point.load()
    except Exception as error:  # whatever a module does while it is imported
        raise UsageError(f"{what} cannot be imported: {error}", hint=repair) from error
    lacking = [need for need in needs if not hasattr(found, need)]
    if lacking:
        raise UsageError(f"{what}, {value}, has no {' and no '.join(lacking)}", hint=repair)
    return found
