"""A run as a Workflow Run RO-Crate: what was run, on what, with which results, for tools that read crates.

See https://w3id.org/ro/wfrun/workflow/0.5 (Leo et al. 2024, PLOS ONE 19, e0309210) and
https://w3id.org/ro/crate/1.1. The experiment file is the workflow; deepfeat is what executes it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deepfeat.runs.inside import is_inside

CRATE = "ro-crate-metadata.json"

_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_WORKFLOW = "experiment.yml"
_FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".npz": "application/zip",
    ".keras": "application/zip",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".yml": "application/yaml",
}

Entity = dict[str, Any]


def crate(record: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """The content of `ro-crate-metadata.json`.

    Args:
        record: `run.json` with the digests of the results.
        root: the run directory.
    """
    files = [_file(name, sha256, root) for name, sha256 in record["artefacts"].items()]
    results = [_link(entity) for entity in files if entity["@id"] != _WORKFLOW]
    log = {"@id": "run.json", "@type": "File", "name": "run.json", "encodingFormat": "application/json"}
    about = [_profile(url) for url in _PROFILES]
    workflow = next((entity for entity in files if entity["@id"] == _WORKFLOW), None)
    if workflow is None:
        workflow = {"@id": _WORKFLOW}
        files.append(workflow)
    workflow |= {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": record["experiment"]["name"],
        "programmingLanguage": {"@id": "#deepfeat-experiment"},
    }
    data = {
        "@id": "#data",
        "@type": "CreativeWork",
        "name": record["data"]["name"],
        "sha256": record["data"]["sha256"],
        "description": "The table as it was encoded; the digest is that of its content.",
    }
    action = _action(record, results)
    return {
        "@context": [
            "https://w3id.org/ro/crate/1.1/context",
            "https://w3id.org/ro/terms/workflow-run/context",
        ],
        "@graph": [
            {
                "@id": CRATE,
                "@type": "CreativeWork",
                "conformsTo": [
                    {"@id": "https://w3id.org/ro/crate/1.1"},
                    {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
                ],
                "about": {"@id": "./"},
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "name": record["experiment"]["name"],
                "description": "Feature importance by many trained networks.",
                "datePublished": record["finished"] or record["started"],
                "license": "Not stated: it is for the owner of the data to decide.",
                "conformsTo": [_link(profile) for profile in about],
                "hasPart": [_link(entity) for entity in [*files, log]],
                "mainEntity": _link(workflow),
                "mentions": _link(action),
            },
            *about,
            *files,
            log,
            data,
            {
                "@id": "#deepfeat-experiment",
                "@type": "ComputerLanguage",
                "name": "deepfeat experiment file",
                "alternateName": "deepfeat",
            },
            {
                "@id": "#deepfeat",
                "@type": "SoftwareApplication",
                "name": "deepfeat",
                "softwareVersion": record["deepfeat"]["version"],
            },
            action,
            {
                "@id": "#execution",
                "@type": "OrganizeAction",
                "name": "Execution of the experiment",
                "instrument": {"@id": "#deepfeat"},
                "object": [],
                "result": _link(action),
                "startTime": record["started"],
            },
        ],
    }


def _action(record: Mapping[str, Any], results: list[Entity]) -> Entity:
    done = record["state"] in ("complete", "partial")
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of {record['experiment']['name']}",
        "instrument": {"@id": _WORKFLOW},
        "object": [{"@id": "#data"}],
        "result": [*results, {"@id": "run.json"}],
        "startTime": record["started"],
        "endTime": record["finished"] or record["started"],
        "actionStatus": {
            "@id": f"http://schema.org/{'CompletedActionStatus' if done else 'FailedActionStatus'}"
        },
    }
    if record["failures"]:
        action["error"] = "; ".join(record["failures"])
    return action


def _file(name: str, sha256: str, root: Path) -> Entity:
    path = root / name
    # One that was deleted since, such as a network to save space, has no size any more.
    is_there = is_inside(path, root) and path.is_file()
    return {
        "@id": quote(name),
        "@type": "File",
        "name": name,
        "sha256": sha256,
        **({"contentSize": str(path.stat().st_size)} if is_there else {}),
        "encodingFormat": _FORMATS.get(path.suffix, "application/octet-stream"),
    }


def _profile(url: str) -> Entity:
    name, version = _PROFILES[url]
    return {"@id": url, "@type": "CreativeWork", "name": name, "version": version}


def _link(entity: Entity) -> Entity:
    return {"@id": entity["@id"]}
