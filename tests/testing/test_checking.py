"""The conformance kit as `deepfeat methods check` uses it."""

from pathlib import Path
from textwrap import dedent

import pytest

from deepfeat.errors import ExitCode, InputError
from deepfeat.testing.checking import check_method, methods_to_check
from deepfeat.testing.conformance import CHECKS
from deepfeat.testing.linear import LinearEnsembles

TWO_METHODS = """
    from deepfeat.methods import Importance, Method

    class Broken(Method):
        "Fails."
        name = "broken"
        exempt = {"one_feature": "it compares features"}

        def explain(self, ensemble, data, context):
            return 1 / 0

    class Slopes(Method):
        "Weights of linear models."
        name = "slopes"

        def explain(self, ensemble, data, context):
            return Importance(ensemble.gates)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "two_methods.py"
    path.write_text(dedent(TWO_METHODS))
    return path


def test_a_name_and_its_file_are_the_same_method() -> None:
    (named,) = methods_to_check("gate")
    (filed,) = methods_to_check(str(Path(__file__).parents[2] / "plugins" / "gate.py"))
    assert named.name == filed.name == "gate"


def test_all_methods_of_a_file(plugin: Path) -> None:
    assert [method.name for method in methods_to_check(str(plugin))] == ["broken", "slopes"]


def test_a_method_of_a_directory(plugin: Path) -> None:
    (method,) = methods_to_check("slopes", [plugin.parent])
    assert method.name == "slopes"


@pytest.mark.parametrize(
    ("target", "source", "words"),
    [
        ("gat", None, "unknown method gat; did you mean gate?"),
        ("absent.py", None, "there is no file"),
        ("raising.py", "1 / 0", "ZeroDivisionError: division by zero; mend it"),
        ("empty.py", "x = 1", "it defines no method; define a subclass of Method"),
        ("nameless.py", "from deepfeat.methods import Method\nclass M(Method):\n    explain = None", "name"),
    ],
)
def test_what_cannot_be_checked(target: str, source: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / target
    if source is not None:
        path.write_text(source)
    with pytest.raises(InputError) as error:
        methods_to_check(str(path) if target.endswith(".py") else target)
    assert words in str(error.value)


def test_every_check_gets_a_line(plugin: Path) -> None:
    _, slopes = methods_to_check(str(plugin))
    lines: list[str] = []
    assert check_method(slopes, LinearEnsembles(), lines.append) == ExitCode.COMPLETE
    assert len(lines) == len(CHECKS) + 1
    assert lines[-1] == "slopes: conforms"
    assert all(line.split()[-1] == "passed" for line in lines[:-1])


def test_failures_say_where_and_expected_ones_why(plugin: Path) -> None:
    broken, _ = methods_to_check(str(plugin))
    lines: list[str] = []
    assert check_method(broken, LinearEnsembles(), lines.append) == ExitCode.PARTIAL
    told = "\n".join(lines)
    assert "FAILED: ZeroDivisionError: division by zero (two_methods.py, line 10)" in told
    assert "expected failure: it compares features" in told
    assert lines[-1] == f"broken: {len(CHECKS) - 2} of {len(CHECKS)} checks failed"


def test_a_long_error_stays_a_line(plugin: Path) -> None:
    plugin.write_text(
        plugin.read_text().replace("return 1 / 0", "raise OSError('first\\n' + 'x' * 999 + ' last')")
    )
    broken, _ = methods_to_check(str(plugin))
    lines: list[str] = []
    check_method(broken, LinearEnsembles(), lines.append)
    assert "OSError: first xxx" in lines[1]
    assert " last (two_methods.py, line 10)" in lines[1]
    assert len(lines[1]) < 400
