"""What `run.json` says of a run that has ended, and of one that goes on."""

import json
from typing import Any

import pytest

from deepfeat.runs import provenance
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.sealing import changed, damage, reopen

pytestmark = pytest.mark.usefixtures("compiled_once", "undrawn")


@pytest.fixture
def paths(runs: Any, begin: Any) -> RunPaths:  # noqa: ANN401 - of conftest.py
    """A run that is complete."""
    begin(runs)
    return runs.paths


def record_of(paths: RunPaths) -> dict[str, Any]:
    record = provenance.earlier(paths.provenance)
    assert record is not None
    return record


def test_a_run_that_goes_on_says_so_and_how_it_had_ended(paths: RunPaths) -> None:
    before = record_of(paths)
    reopen(paths)
    record = record_of(paths)
    assert provenance.has_ended(before)
    assert not provenance.has_ended(record)
    assert damage(paths, record, is_same=True) == []
    (last,) = provenance.attempts(record, record)
    assert (last["state"], last["exit_code"], last["finished"]) == ("complete", 0, before["finished"])
    # whatever happens before it is followed: it is the same still
    text = paths.provenance.read_bytes()
    reopen(paths)
    assert paths.provenance.read_bytes() == text


def test_what_was_changed_before_is_noticed_also_when_the_run_goes_on(paths: RunPaths) -> None:
    paths.provenance.write_text(provenance.as_json({**record_of(paths), "exit_code": 1}))
    paths.ranking.write_text("changed")
    reopen(paths)
    assert changed(paths, record_of(paths)) == [
        f"{paths.provenance}: was changed since the run ended",
        f"{paths.ranking}: was changed since the run ended",
    ]


@pytest.mark.parametrize("content", ['{"state": "interrupted"}', '{"state": "running"}', "{", None])
def test_where_nothing_has_ended_nothing_is_said(tmp_path: Any, content: str | None) -> None:  # noqa: ANN401
    paths = RunPaths(tmp_path)
    if content is not None:
        paths.provenance.write_text(content)
    reopen(paths)
    assert (paths.provenance.read_text() if paths.provenance.exists() else None) == content


def test_who_was_killed_while_it_ran_is_told_from_who_goes_on() -> None:
    begun = {"state": "running", **dict.fromkeys(("experiment", "data", "plugins", "computed_by"))}
    (last,) = provenance.attempts(begun, json.loads(json.dumps(begun)))
    assert last["state"] == "killed"
