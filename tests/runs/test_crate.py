"""The crate of a run: a closed graph with what the profiles ask for."""

import json
from pathlib import Path
from typing import Any

import pytest

from deepfeat.runs.crate import CRATE, crate

RECORD: dict[str, Any] = {
    "experiment": {"name": "tiny"},
    "data": {"name": "table.csv", "sha256": "ab" * 32},
    "deepfeat": {"version": "1.2"},
    "state": "complete",
    "started": "2026-01-01T00:00:00.000+00:00",
    "finished": "2026-01-01T00:01:00.000+00:00",
    "failures": [],
    "artefacts": {"experiment.yml": "01", "methods/my method.csv": "02", "ranking.csv": "03"},
}


@pytest.fixture
def entities(tmp_path: Path) -> dict[str, dict[str, Any]]:
    for name in RECORD["artefacts"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    return {entity["@id"]: entity for entity in crate(RECORD, tmp_path)["@graph"]}


def _links(value: object) -> list[str]:
    if isinstance(value, list):
        return [link for item in value for link in _links(item)]
    if isinstance(value, dict):
        return [value["@id"]] if value.keys() == {"@id"} else []
    return []


def test_every_link_leads_somewhere(entities: dict[str, dict[str, Any]]) -> None:
    elsewhere = ("https://w3id.org/", "http://schema.org/")
    links = {link for entity in entities.values() for value in entity.values() for link in _links(value)}
    assert not {link for link in links - entities.keys() if not link.startswith(elsewhere)}
    named = {f"https://w3id.org/ro/wfrun/{profile}/0.5" for profile in ("process", "workflow")}
    assert named < entities.keys()


def test_what_ro_crate_asks_for(entities: dict[str, dict[str, Any]]) -> None:
    assert entities[CRATE]["about"] == {"@id": "./"}
    root = entities["./"]
    assert {"name", "description", "datePublished", "license"} <= root.keys()
    assert {part["@id"] for part in root["hasPart"]} == {
        *("experiment.yml", "methods/my%20method.csv", "ranking.csv", "run.json")
    }
    assert entities["ranking.csv"]["sha256"] == "03"
    assert entities["ranking.csv"]["contentSize"] == "4"


def test_what_workflow_run_crate_asks_for(entities: dict[str, dict[str, Any]]) -> None:
    workflow = entities[entities["./"]["mainEntity"]["@id"]]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} == set(workflow["@type"])
    assert entities[workflow["programmingLanguage"]["@id"]]["@type"] == "ComputerLanguage"
    action = entities[entities["./"]["mentions"]["@id"]]
    assert action["@type"] == "CreateAction"
    assert action["instrument"] == {"@id": "experiment.yml"}
    assert {result["@id"] for result in action["result"]} == {
        *("methods/my%20method.csv", "ranking.csv", "run.json")
    }
    assert action["actionStatus"] == {"@id": "http://schema.org/CompletedActionStatus"}
    assert "error" not in action


def test_a_run_that_failed_says_so(tmp_path: Path) -> None:
    record = {**RECORD, "state": "failed", "finished": None, "failures": ["method x: no"], "artefacts": {}}
    entities = {entity["@id"]: entity for entity in crate(record, tmp_path)["@graph"]}
    assert entities["#run"]["actionStatus"] == {"@id": "http://schema.org/FailedActionStatus"}
    assert entities["#run"]["error"] == "method x: no"
    json.dumps(entities, allow_nan=False)


def test_a_file_that_was_deleted_since_or_lies_elsewhere_has_no_size(tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text("text")
    artefacts = {"models/model_00000.keras": "a" * 64, "../outside.csv": "b" * 64}
    (tmp_path / "run").mkdir()
    found = {one["@id"]: one for one in crate({**RECORD, "artefacts": artefacts}, tmp_path / "run")["@graph"]}
    for name, sha256 in artefacts.items():
        assert found[name]["sha256"] == sha256
        assert "contentSize" not in found[name]
