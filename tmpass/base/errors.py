"""The errors that tmpass raises. Each says what is wrong, where, and what to do next."""

from typing import Self

LONGEST = 1000
"""Characters of one part of a message. Names in files may have a million."""


def brief(value: object) -> str:
    """The repr of `value`, cut to 80 characters for a message."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def brief_text(text: str, longest: int = LONGEST) -> str:
    """`text`, without its middle where it is longer than `longest` characters."""
    if len(text) <= longest:
        return text
    half = (longest - 5) // 2
    return f"{text[:half]} ... {text[len(text) - half :]}"


class TmpassError(Exception):
    """Base of every error that a user can cause.

    Fields:
        what: the fault.
        where: the place (file, tensor, operator, key), or "".
        hint: the next step, or "".
        exit_code: what the command line returns for it.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(str(self))

    def __reduce__(self) -> tuple[object, ...]:
        """How pickle restores the error in another process, with the fields that its class adds."""
        return _restore, (type(self), self.args, self.__dict__)

    def within(self, place: str) -> Self:
        """This error, with `place` (such as the file's name) in front of `where`."""
        self.where = f"{place}: {self.where}" if self.where else place
        return self

    def __str__(self) -> str:
        """The error as one line of bounded length, with control characters escaped."""
        where, what, hint = map(brief_text, (self.where, self.what, self.hint))
        text = (f"{where}: " if where else "") + what + (f"; {hint}" if hint else "")
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _restore(kind: type[TmpassError], args: tuple[object, ...], fields: dict[str, object]) -> TmpassError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error


class UsageError(TmpassError):
    """An option, an argument or a problem file cannot be used."""


class TargetError(TmpassError):
    """A target profile is unknown or wrong."""


class ModelError(TmpassError):
    """A model cannot be read or planned."""

    exit_code = 3


class ChildError(ModelError):
    """A child process that had the model crashed or reached a limit: elsewhere, or later, it may not."""


class UnknownSizeError(ModelError):
    """The sizes of tensors are not known.

    Fields:
        tensors: a description of each of them.
        symbols: the dimensions to bind.
    """

    def __init__(self, what: str, *, tensors: tuple[str, ...], symbols: tuple[str, ...], hint: str) -> None:
        self.tensors, self.symbols = tensors, symbols
        super().__init__(what, hint=hint)


class BudgetError(TmpassError):
    """A budget of time, memory or work ended without an answer; the hint names the option that raises it."""

    exit_code = 4


class VerificationError(TmpassError):
    """A plan breaks a law of the verifier; `violations` has one Violation for each."""

    exit_code = 5

    def __init__(self, what: str, *, violations: tuple[object, ...], where: str = "", hint: str = "") -> None:
        self.violations = violations
        super().__init__(what, where=where, hint=hint)
