"""docs/plugins.md: what it shows is what is run here."""

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from deepfeat.cli import program
from deepfeat.config import load_experiment
from deepfeat.methods import Importance, hookspecs
from deepfeat.methods.per_model import _OFFERED
from deepfeat.methods.registry import Registry
from deepfeat.testing.conformance import CHECKS, Check, check_name
from deepfeat.testing.linear import LinearEnsembles
from deepfeat.training.plan import FitPlan

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "plugins"
PACKAGE = EXAMPLES / "package" / "src"
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", PAGE, flags=re.DOTALL))

Load = Callable[..., Registry]


@pytest.mark.parametrize("file", BLOCKS)
def test_a_snippet_is_its_file(file: str) -> None:
    assert BLOCKS[file] == (ROOT / file).read_text(encoding="utf-8")


def test_every_example_is_on_the_page() -> None:
    files = {path for path in EXAMPLES.rglob("*") if path.suffix in {".py", ".toml", ".yml"}}
    assert {path.relative_to(ROOT).as_posix() for path in files} == set(BLOCKS)


def test_no_other_python_is_on_the_page_but_the_hooks() -> None:
    rest = re.sub(r"<!-- file: \S+ -->\n```\w+\n.*?```\n", "", PAGE, flags=re.DOTALL)
    assert re.findall(r"```python\n(.*?)\n```", rest, flags=re.DOTALL) == [
        _signature(hook) for name, hook in vars(hookspecs).items() if name.startswith("deepfeat_")
    ]


def _signature(hook: Callable[..., object]) -> str:
    """As it is written in the code."""
    source = inspect.getsource(hook)
    return re.search(r"def .*?(?=:\s*(#.*)?\n)", source).group()


def test_every_argument_and_field_is_on_the_page() -> None:
    for argument in _OFFERED:
        assert f"| `{argument}` |" in PAGE
    for field in fields(Importance):
        assert f"`{field.name}`" in PAGE
    for field in fields(FitPlan):
        assert f"| `{field.name}` |" in PAGE or field.name == "name"


def test_what_the_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sessions = re.findall(r"```console\n\$ deepfeat (.*?)\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(sessions) == 2
    for command, printed in sessions:
        quick = command.replace("examples/plugins", str(EXAMPLES)).split()
        if "check" in quick:
            quick.append("--quick")
        done = CliRunner().invoke(program, quick)
        assert done.output.replace("linear models", "trained networks").startswith(printed), done.output


EXAMPLE_METHODS = ("mean_out", "shuffled", "steepness", "without")


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
@pytest.mark.parametrize("name", EXAMPLE_METHODS)
def test_the_examples_conform(name: str, check: Check, load: Load) -> None:
    registry = load(EXAMPLES)
    assert registry.broken == ()
    assert tuple(registry.methods) == EXAMPLE_METHODS
    method = registry.methods[name]
    if reason := method.exempt.get(check_name(check)):
        pytest.skip(reason)
    check(method, LinearEnsembles())


def test_the_experiment_is_valid(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    loaded = load_experiment(EXAMPLES / "experiment.yml", environ={})
    registry = load(*(loaded.resolve_path(entry.path) for entry in loaded.experiment.plugins))
    resolved = registry.resolve(loaded.experiment.methods, loaded)
    assert [(method.name, params.model_dump()) for method, params in resolved] == [
        ("mean_out", {}),
        ("shuffled", {"repeats": 20}),
        ("steepness", {"rows": 200}),
    ]


def test_the_package_is_found_once_installed(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installed as pip does it: the sources on the path, and the metadata beside them."""
    project = (EXAMPLES / "package" / "pyproject.toml").read_text(encoding="utf-8")
    group, entry = re.search(r'entry-points\."(.*?)"\]\n(.*?)\n', project).groups()
    info = tmp_path / "deepfeat_logit_shift-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: deepfeat-logit-shift\nVersion: 1.0.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry.replace(chr(34), '')}\n")
    for folder in (tmp_path, PACKAGE):
        monkeypatch.syspath_prepend(str(folder))
    for module in ("deepfeat_logit_shift", "deepfeat_logit_shift.method"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    registry = load()
    info = registry.info["logit_shift"]
    assert (info.source, info.version) == ("deepfeat-logit-shift", "1.0.0")
    for check in CHECKS:
        check(registry.methods["logit_shift"], LinearEnsembles())
