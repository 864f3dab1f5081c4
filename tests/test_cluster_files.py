"""What is in `cluster/` is what a site would take: scripts for a shell, manifests that fit their schemas."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner

from deepfeat.cli import program

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


def test_what_would_be_submitted_can_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment.yml").write_text("name: demo\ndata: {path: t.csv}\nmethods: [gate]\n")
    shown = CliRunner().invoke(program, ["submit", "slurm", "--workers", "3", "--dry-run"])
    assert shown.exit_code == 0, shown.output
    assert f"RUN={tmp_path / 'ExpOutput' / 'demo'}\n" in shown.output
    assert "--array=1-3" in shown.output
    assert list(tmp_path.iterdir()) == [tmp_path / "experiment.yml"]
