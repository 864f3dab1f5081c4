"""The errors that are shown as messages."""

import errno

import pytest

from deepfeat.errors import InputError, Problem, is_lack_of_memory


class ResourceExhaustedError(Exception):
    """What TensorFlow calls it."""


def led_to(error: Exception) -> Exception:
    later = RuntimeError("training failed")
    later.__cause__ = error
    return later


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ResourceExhaustedError("OOM when allocating"),
        ImportError("libtensorflow_cc.so.2: failed to map segment from shared object"),
        led_to(MemoryError()),
    ],
)
def test_a_lack_of_memory_is_known_by_all_its_names(error: Exception) -> None:
    assert is_lack_of_memory(error)


@pytest.mark.parametrize(
    "error", [ValueError("memory"), OSError(errno.ENOSPC, "full"), ImportError("no x"), None]
)
def test_other_errors_are_none(error: Exception | None) -> None:
    assert not is_lack_of_memory(error)


def test_a_problem_is_one_line_whatever_names_are_in_it() -> None:
    problem = Problem("a\x1b[2J\nb.csv", 3, 0, "found\r\n'x'; rename it")
    assert str(problem) == r"a\x1b[2J\nb.csv:3: found\r\n'x'; rename it"
    assert str(InputError([problem, Problem("c", 0, 0, "d")])).splitlines() == [str(problem), "c: d"]
