"""The name of a model that a caller gives, for outputs."""

from tmpass.base.errors import UsageError, brief


def check_name(name: object) -> str:
    """`name`, where it is a text that can be printed, on one line.

    Raises:
        UsageError: it is not.
    """
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise UsageError(f"name is {brief(name)}", hint="give a text such as 'net.tflite'")
    return name
