"""README.md: what it claims can be looked up, and what it shows works."""

import re
from pathlib import Path

import pytest
import yaml

from deepfeat.config import load_experiment
from deepfeat.methods.registry import load_registry
from deepfeat.testing.conformance import run_checks
from deepfeat.testing.linear import LinearEnsembles

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def test_shares_of_false_positives_are_those_of_the_page_about_them() -> None:
    block = PAGE.partition("<!-- begin: calibration -->")[2].partition("<!-- end")[0]
    (_, *names), _, *groups = rows_of(block)
    page = (ROOT / "docs" / "calibration.md").read_text()
    assert len(groups) == 2
    for group, *shares in groups:
        section = page.partition(f"## {group.partition(' (')[0]}\n")[2].partition("\n## ")[0]
        for name, share in zip(names, shares, strict=True):
            found = re.search(rf"designs together, {name}: p < 0.05 for ([0-9.]+) ", section).group(1)
            assert float(share.removesuffix(" %")) == pytest.approx(100 * float(found), abs=0.051), name


def test_how_right_it_is_says_what_the_page_about_it_says() -> None:
    block = re.search(r"<!-- begin: accuracy -->\n(.*?)<!-- end: accuracy -->", PAGE, re.DOTALL).group(1)
    (heading, _), _, *means = rows_of(block)
    page = rows_of((ROOT / "docs" / "accuracy.md").read_text().partition("\n\nBehind")[0])
    (_, _, *tools), _, *families = page
    mean = next(row for row in families if row[0] == "**mean**")
    families = families[: families.index(mean)]
    ours, *_ = tools
    complete = {tool: value.strip("*") for tool, value in zip(tools, mean[2:], strict=True) if value}
    assert {re.sub(r"^the default ranking .*", ours, tool): value for tool, value in means} == complete
    assert heading.startswith(f"{len(families)} families, ")

    behind = {}
    for name, _, own, *others in families:
        best = max(float(value) for value in others if value)
        if round(best - float(own), 3) > 0.05:
            behind[name.partition(":")[0]] = (own, f"{best:.3f}")
    told = re.findall(r"`(\w+)` \(([\d.]+); [^()]*? ([\d.]+)\)", block)
    assert {family: values for family, *values in told} == {name: [*both] for name, both in behind.items()}


def rows_of(table: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    ]


def test_the_method_is_one(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(import numpy.*?)```", PAGE, re.DOTALL)
    assert len(code.splitlines()) <= 10
    (tmp_path / "mean_out.py").write_text(code)
    method = load_registry([tmp_path], environ={}).methods["mean_out"]
    assert [check for check in run_checks(method, LinearEnsembles()) if check.outcome == "failed"] == []


def test_the_ranking_that_it_shows_is_of_the_default_experiment() -> None:
    names = (ROOT / "Data" / "breast_cancer.csv").read_text().splitlines()[0].split(",")
    rows = re.findall(r"^ +\d+  (.*?) {2,}█", PAGE, re.MULTILINE)
    assert len(rows) == 10
    assert set(rows) <= set(names)


def test_methods_with_p_values_are_those_of_the_page_about_them() -> None:
    named = re.search(r"p-values of (.*?) \|", PAGE).group(1)
    methods = set(re.findall(r"`(\w+)`", named))
    page = (ROOT / "docs" / "inference.md").read_text()
    table = page.partition("## What carries a p-value")[2].partition("\n\n")[2].partition("\n\n")[0]
    assert methods == set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))


def test_variables_are_those_of_the_experiment() -> None:
    (block,) = re.findall(r"```sh\n# .env.*?\n(.*?)```", PAGE, re.DOTALL)
    environ = dict(line.split("=") for line in block.split())
    data = load_experiment(ROOT / "experiment.yml", environ=environ).experiment.data
    assert (data.path, data.names, data.target) == tuple(environ.values())


def test_the_citation_has_what_it_needs() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors", "version"} <= citation.keys()
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert citation["version"] == version.group(1)
