"""docs/methods.md: its table is that of the shipped methods, and what it shows works."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from deepfeat.methods.describe import list_markdown
from deepfeat.methods.registry import load_registry

PAGE = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")
REGISTRY = load_registry(environ={})
COMMAND = "deepfeat methods list --markdown"


def test_the_table_is_up_to_date() -> None:
    written = re.search(
        rf"<!-- begin: {COMMAND} -->\n(.*?)<!-- end: {COMMAND} -->", PAGE, flags=re.DOTALL
    ).group(1)
    assert written == list_markdown(REGISTRY), f"put the output of `{COMMAND}` between the two comments"


def test_what_is_said_is_of_methods_that_exist() -> None:
    after = PAGE.partition(f"<!-- end: {COMMAND} -->")[2]
    named = set(re.findall(r"`([a-z_]+)`", after))
    parameters = {name for method in REGISTRY.methods.values() for name in method.Params.model_fields}
    explainers = {"kernel", "partition", "expected_gradients"}
    assert named <= REGISTRY.methods.keys() | parameters | explainers


def test_the_two_lines_read_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(lines.splitlines()) == 2
    path = tmp_path / re.search(r'"(methods/.*?)"', lines).group(1)
    path.parent.mkdir(parents=True)
    values = np.ones((2, 3))
    np.savez(path, values=values, base_values=np.zeros(2), data=values, feature_names=np.array(list("abc")))
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap has something to say when it is imported
        exec(lines, found)  # noqa: S102 - lines of our own page
    np.testing.assert_array_equal(found["explanation"].values, values)
