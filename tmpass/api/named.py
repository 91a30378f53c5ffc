"""Names for models that have no file."""

from dataclasses import replace

from tmpass.base.errors import UsageError, brief
from tmpass.loading.load import Model
from tmpass.plans.model_name import check_name


def named(loaded: Model, name: str) -> Model:
    """The model `loaded` with a name, where it has no file that gives it one.

    Raises:
        UsageError: `name` is not a text that can be printed, or the model has a file.
    """
    file = loaded.info.file
    check_name(name)
    if file != f"<memory>.{loaded.info.format}":
        raise UsageError(f"name is {brief(name)}, and the model has its own: {brief(file)}", hint="leave name out")
    return replace(loaded, info=replace(loaded.info, file=name))
