"""The errors that deepfeat raises on purpose, each with the exit code it ends the program with.

Everything below can be shown to a user as it is: one line per fault, saying where it is, what is wrong and
what to do. Anything else that reaches the top is a bug of ours (exit code 1, traceback).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from errno import ENOMEM

from deepfeat.visible import visible


class ExitCode(IntEnum):
    """What the process tells its caller."""

    COMPLETE = 0
    BUG = 1
    USER_INPUT = 2
    PARTIAL = 3
    INTERRUPTED = 75
    KEYBOARD = 130


@dataclass(frozen=True, order=True)
class Problem:
    """One fault in what the user gave us.

    Attributes:
        source: the file the fault is in (or `command line`, `environment`).
        line: 1-based line, or 0 where there is none.
        column: 1-based column of that line, or 0 where there is none.
        message: what is wrong, then `; `, then what to do.
    """

    source: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """`source:line:column: message` on one line, leaving out the parts that are unknown."""
        place = [self.source, *(str(part) for part in (self.line, self.column) if part)]
        return visible(f"{':'.join(place)}: {self.message}")


class DeepfeatError(Exception):
    """Base of every error that is shown as a message, never as a traceback."""

    exit_code = ExitCode.BUG


class InputError(DeepfeatError):
    """The user's experiment, data or command line cannot be used.

    Args:
        problems: every fault found, not only the first.
    """

    exit_code = ExitCode.USER_INPUT

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        found: Sequence[Problem] = [problems] if isinstance(problems, Problem) else list(problems)
        self.problems = tuple(sorted(set(found)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def is_lack_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or what led to it, says that there was not enough memory.

    Args:
        error: of Python, of the system, of a library that could not be loaded, or of TensorFlow.
    """
    while error is not None:
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == ENOMEM:
            return True
        if type(error).__name__ == "ResourceExhaustedError":
            return True
        if isinstance(error, ImportError) and "failed to map segment" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def nearest(wrong: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that is most like a wrong one, if any is like it."""
    lowered = {name.lower(): name for name in sorted(allowed)}
    near = get_close_matches(wrong.lower(), lowered, n=1, cutoff=0.6)
    return lowered[near[0]] if near else None


def did_you_mean(wrong: str, allowed: Iterable[str]) -> str:
    """`did you mean X?` for the nearest allowed name, else the list of what is allowed."""
    names = sorted(allowed)
    if (near := nearest(wrong, names)) is not None:
        return f"did you mean {near}?"
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")  # noqa: PLR2004
    return f"use one of: {shown}" if names else "nothing is allowed here"
