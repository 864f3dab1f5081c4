"""Context: what a method may use."""

import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from deepfeat.methods.context import Context
from deepfeat.methods.importance import MethodError


def draws(context: Context) -> list[float]:
    return context.rng.random(4).tolist()


def test_random_numbers_follow_from_seed_and_method_alone(tmp_path: Path) -> None:
    one, again = Context(7, "gate", tmp_path), Context(7, "gate", tmp_path / "elsewhere")
    assert draws(one) == draws(again)
    assert draws(Context(7, "gate", tmp_path)) != draws(Context(8, "gate", tmp_path))
    assert draws(Context(7, "gate", tmp_path)) != draws(Context(7, "gates", tmp_path))


def test_random_numbers_are_the_same_in_another_process(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from deepfeat.methods.context import Context; "
        "context = Context(7, 'gate', Path('x')); "
        "print(context.rng.integers(1 << 30), context.member_rng(12345678901234567890).integers(1 << 30))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    context = Context(7, "gate", tmp_path)
    here = f"{context.rng.integers(1 << 30)} {context.member_rng(12345678901234567890).integers(1 << 30)}\n"
    assert outputs == {here}


def test_a_members_numbers_do_not_depend_on_what_was_drawn_before(tmp_path: Path) -> None:
    context = Context(7, "gate", tmp_path)
    first = context.member_rng(3).random(4)
    context.member_rng(5).random(100)
    context.rng.random(100)
    np.testing.assert_array_equal(first, context.member_rng(3).random(4))
    assert not np.array_equal(first, context.member_rng(4).random(4))
    assert not np.array_equal(first, Context(7, "gate", tmp_path).rng.random(4))


def test_the_folder_is_made_when_it_is_used(tmp_path: Path) -> None:
    context = Context(0, "gate", tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()
    path = context.artefact("path.csv")
    assert path == tmp_path / "a" / "b" / "path.csv"
    path.write_text("x")


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/passwd", "", ".", "..", "a\\b"])
def test_a_file_outside_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="not a plain file name"):
        Context(0, "gate", tmp_path).artefact(name)


def test_a_method_that_may_not_train_is_told_how_to(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match=r"plan 'refit'.*kind = \"experiment\""):
        Context(0, "gate", tmp_path).fit(SimpleNamespace(name="refit"))


def test_messages_go_to_a_logger_of_the_methods_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "deepfeat"):
        Context(0, "gate", tmp_path).logger.info("hello")
    assert caplog.record_tuples == [("deepfeat.methods.gate", logging.INFO, "hello")]
