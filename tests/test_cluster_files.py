"""What is in `cluster/` is what a site would take: scripts for a shell, manifests that fit their schemas."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner

from deepfeat.cli import program
from deepfeat.runs.engines.slurm import SCRIPT

CLUSTER = Path(__file__).parents[1] / "cluster"
SCRIPTS = sorted(CLUSTER.glob("*.sh"))
MANIFESTS = list(yaml.safe_load_all((CLUSTER / "kubernetes.yaml").read_text()))
JOBS = [manifest for manifest in MANIFESTS if manifest["kind"] == "Job"]
VERSION = "1.34"


def named(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']}-{manifest['metadata']['name']}"


@pytest.mark.parametrize("manifest", MANIFESTS, ids=named)
def test_the_published_schemas_of_kubernetes_accept_it(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_a_misspelled_field_would_be_seen() -> None:
    wrong = {**JOBS[0], "spec": {**JOBS[0]["spec"], "backofLimit": 1}}
    with pytest.raises(kubernetes_validate.ValidationError, match="backofLimit"):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_pods_keep_to_the_restricted_standard(job: dict[str, Any]) -> None:
    pod = job["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert {next(key for key in volume if key != "name") for volume in pod["volumes"]} <= {
        "persistentVolumeClaim",
        "configMap",
        "emptyDir",
    }
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("job", JOBS, ids=named)
def test_the_commands_of_the_pods_exist(job: dict[str, Any]) -> None:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    name, *words = container["args"]
    command = program.commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= known


def test_workers_name_the_run_of_the_head() -> None:
    head, workers = (job["spec"]["template"]["spec"]["containers"][0]["args"] for job in JOBS)
    (output,) = (word.split("=")[1] for word in head if word.startswith("--output="))
    name = yaml.safe_load((CLUSTER.parent / "experiment.yml").read_text())["name"]
    assert f"--run={output}/{name}" in workers


def test_the_network_policy_selects_the_pods() -> None:
    (policy,) = (manifest for manifest in MANIFESTS if manifest["kind"] == "NetworkPolicy")
    wanted = policy["spec"]["podSelector"]["matchLabels"].items()
    assert all(wanted <= job["spec"]["template"]["metadata"]["labels"].items() for job in JOBS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_can_be_read_by_a_shell_and_begin_with_their_settings(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    text = script.read_text()
    assert text.index("# ---- settings") < text.index("set -u")
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_an_array_that_may_be_empty_is_expanded_as_older_shells_need_it(script: Path) -> None:
    # Before version 4.4 of bash "${NAME[@]}" of an empty array is an error under set -u.
    text = script.read_text()
    empty = re.findall(r"^(\w+)=\(\)", text, re.MULTILINE)
    assert "OVERRIDES" in empty
    for name in empty:
        assert f'"${{{name}[@]}}"' not in text.replace(f'${{{name}[@]+"${{{name}[@]}}"}}', "")


@pytest.mark.parametrize("worker", [False, True])
def test_the_script_for_pbs_starts_a_head_or_a_worker(tmp_path: Path, worker: bool) -> None:  # noqa: FBT001
    told, script = tmp_path / "told.sh", tmp_path / "pbs.sh"
    told.write_text('printf "%s\\n" "$@"\n')
    text = (CLUSTER / "pbs.sh").read_text()
    assert "DEEPFEAT=(deepfeat) " in text
    # Not found by PATH: nothing in a temporary directory may be executed where that is mounted so.
    script.write_text(text.replace("DEEPFEAT=(deepfeat) ", f"DEEPFEAT=(sh {told}) "))
    array = {"PBS_ARRAY_INDEX": "2", "NCPUS": "3"} if worker else {}
    said = subprocess.run(
        ["bash", script],
        env={"PATH": os.environ["PATH"], "PBS_O_WORKDIR": str(tmp_path), **array},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert said[0] == ("worker" if worker else "run")
    known = {option for parameter in program.commands[said[0]].params for option in parameter.opts}
    assert {word for word in said if word.startswith("--")} <= known
    assert ("3" in said) == worker


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--script", "nope.sh"], "nope.sh: cannot be read: No such file or directory; name one with"),
        (["--script", "."], "Invalid value for '--script': File '.' is a directory"),
        (["--script", "binary"], "binary: is not UTF-8 text; name a script with --script"),
        (["--script", "other.sh"], "has no line EXPERIMENT=...; take the shipped one"),
    ],
)
@pytest.mark.parametrize("dry", [["--dry-run"], []])
def test_a_script_that_cannot_be_used_is_told_in_a_line(
    words: list[str], said: str, dry: list[str], deepfeat: Callable, write_experiment: Callable
) -> None:
    write_experiment()
    Path("binary").write_bytes(b"\xff\xfe")
    Path("other.sh").write_text("#!/bin/sh\n")
    code, _, err = deepfeat("submit", "slurm", *dry, *words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_the_image_has_the_scripts() -> None:
    # Where the package looks for the shipped one: beside itself, as in a checkout.
    root = CLUSTER.parent
    assert f"COPY {SCRIPT.parent.name} " in (root / "Dockerfile").read_text()
    assert f"!{SCRIPT.parent.name}" in (root / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("host", ["head:8786", "my head", "tcp://head"])
def test_a_worker_is_told_where_its_address_is_none(host: str, deepfeat: Callable) -> None:
    code, _, err = deepfeat("worker", "--address", "tcp://127.0.0.1:1", "--host", host)
    assert code == 2
    assert f"found {host}; write a name or an address, with no port" in err


def test_what_would_be_submitted_can_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment.yml").write_text("name: demo\ndata: {path: t.csv}\nmethods: [gate]\n")
    shown = CliRunner().invoke(program, ["submit", "slurm", "--workers", "3", "--dry-run"])
    assert shown.exit_code == 0, shown.output
    assert f"RUN={tmp_path / 'ExpOutput' / 'demo'}\n" in shown.output
    assert "--array=1-3" in shown.output
    assert list(tmp_path.iterdir()) == [tmp_path / "experiment.yml"]
