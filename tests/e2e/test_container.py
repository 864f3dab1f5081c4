"""The container as its users meet it: built and run by a real engine, for a user of no privilege."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("images")]

Typed = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, str], None]
Me = dict[str, str]

LARGEST_IMAGE = 2.2e9  # bytes; TensorFlow alone takes 0.8e9
EXPERIMENT = ("run", "--rm", "-T", "experiment")
TMP = "/tmp"  # noqa: S108 - the one inside the container
PLUGIN = '''"""A user's own plugin."""

from deepfeat.methods import per_model


@per_model("spread")
def spread(data):
    """Highest minus lowest value of each column."""
    return data.x.max(axis=0) - data.x.min(axis=0)
'''
TABLE = "".join(f"{row % 7},{row * row % 11},{row % 2}\n" for row in range(60))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_one_command_trains_and_ranks(compose: Typed, checkout: Path, me: Me) -> None:
    done = compose(*EXPERIMENT, "--models", "3", **me)
    assert done.returncode == 0, done.stderr
    run = checkout / "ExpOutput" / "breast_cancer"
    ranking = rows(run / "ranking.csv")
    assert list(ranking[0])[:5] == ["feature", "importance", "ci_low", "ci_high", "rank"]
    assert len(ranking) == 30
    assert ranking[0]["feature"] in done.stdout
    assert len(rows(run / "models.csv")) == 3
    methods = {path.stem: rows(path) for path in (run / "methods").glob("*.csv")}
    asked = yaml.safe_load((run / "experiment.yml").read_text())["methods"]
    names = [name for entry in asked for name in ([entry] if isinstance(entry, str) else entry)]
    ranked = [name for name in names if name in ranking[0]]
    assert len(ranked) > 1
    assert all(len(methods[name]) == 3 for name in ranked)
    made = [path.stat() for path in (checkout / "ExpOutput").rglob("*")]
    assert {(status.st_uid, status.st_gid) for status in made} == {(int(me["UID"]), int(me["GID"]))}


def test_a_file_dropped_into_plugins_becomes_a_column(
    compose: Typed, checkout: Path, write: Write, me: Me
) -> None:
    write("plugins/spread.py", PLUGIN)
    experiment = (checkout / "experiment.yml").read_text(encoding="utf-8")
    assert "  - gate:" in experiment
    write("experiment.yml", experiment.replace("  - gate:", "  - spread\n  - gate:", 1))
    done = compose(*EXPERIMENT, "--models", "2", "training.epochs=5", **me)
    assert done.returncode == 0, done.stderr
    ranking = rows(checkout / "ExpOutput" / "breast_cancer" / "ranking.csv")
    assert max(ranking, key=lambda row: float(row["spread"]))["feature"] == "worst area"


def test_another_table_needs_only_the_env_file(
    compose: Typed, checkout: Path, typed: Typed, write: Write, me: Me
) -> None:
    write("Data/mine.csv", TABLE)
    write("Data/mine.names", "a,b,label\n")
    settings = {
        "DATA_FILE": "Data/mine.csv",
        "ATTRIBUTE_FILE": "Data/mine.names",
        "TARGET": "last",
        "N_MODELS": "2",
        "OUTPUT_DIR": "Elsewhere",
    }
    write(".env", "".join(f"{name}={value}\n" for name, value in {**settings, **me}.items()))
    assert typed("mkdir", "Elsewhere", cwd=checkout).returncode == 0
    done = compose(*EXPERIMENT, "training.epochs=5")
    assert done.returncode == 0, done.stderr
    run = checkout / "Elsewhere" / "breast_cancer"
    assert {row["feature"] for row in rows(run / "ranking.csv")} == {"a", "b"}
    assert len(rows(run / "models.csv")) == 2
    assert not any((checkout / "ExpOutput").iterdir())


def test_the_shell_wins_over_the_env_file(compose: Typed, checkout: Path, write: Write, me: Me) -> None:
    write(".env", "N_MODELS=50\n")
    done = compose(*EXPERIMENT, "training.epochs=2", N_MODELS="2", **me)
    assert done.returncode == 0, done.stderr
    assert len(rows(checkout / "ExpOutput" / "breast_cancer" / "models.csv")) == 2


MANY = (
    "name: many\ndata: {path: Data/breast_cancer.csv, target: diagnosis}\n"
    "network: {preset: default, units: [8]}\ncontrols: never\nranking: {skill_splits: 2}\n"
    "training: {models: 40, epochs: 30, stack_size: 1}\nmethods: [gate]\n"
)


def manifest(run: Path) -> dict[str, str]:
    told = {"run.json", "ro-crate-metadata.json", "report.html"}
    return {
        name: sha256(path.read_bytes()).hexdigest()
        for path in run.rglob("*")
        if path.is_file()
        and (name := path.relative_to(run).as_posix()) not in told
        and not name.startswith((".deepfeat/", "logs/"))
    }


def test_stopped_and_resumed_and_the_same_by_a_cluster_that_loses_a_worker(
    compose: Typed, checkout: Path, typed: Typed, write: Write, me: Me
) -> None:
    write("experiment.yml", MANY)
    run = checkout / "ExpOutput" / "many"

    def published() -> int:
        return len(list(run.glob(".deepfeat/records/members-*.json")))

    def until_published(count: int, job: "Future[subprocess.CompletedProcess[str]]") -> None:
        while published() < count:
            assert not job.done(), job.result().stdout + job.result().stderr
            time.sleep(0.1)

    with ThreadPoolExecutor() as threads:
        first = threads.submit(compose, "run", "--rm", "-T", "--name", "first", "experiment", **me)
        until_published(3, first)
        assert typed("docker", "stop", "first", cwd=checkout).returncode == 0
        assert first.result().returncode == 75, first.result().stderr
        stopped = published()
        assert stopped < 40
        done = compose(*EXPERIMENT, **me)
        assert done.returncode == 0, done.stderr
        assert f"Training 40 networks, {stopped} of them are there already" in done.stdout
        alone = manifest(run)

        assert typed("mv", "ExpOutput", "Alone", cwd=checkout).returncode == 0
        assert typed("mkdir", "ExpOutput", cwd=checkout).returncode == 0
        up = threads.submit(compose, "up", "--scale", "worker=2", "cluster", **me)
        # both have begun to work
        while len(list(run.glob("logs/workers/*.log"))) < 2:
            assert not up.done(), up.result().stdout + up.result().stderr
            time.sleep(0.1)
        killed = typed("docker", "kill", "deepfeat-worker-1", cwd=checkout)
        assert killed.returncode == 0, killed.stderr
        assert up.result().returncode == 0, up.result().stdout
    state = typed("docker", "inspect", "--format={{.State.ExitCode}}", "deepfeat-cluster-1", cwd=checkout)
    compose("down", **me)
    assert state.stdout.strip() == "0", up.result().stdout
    assert manifest(run) == alone


def test_wrong_input_is_told_and_nothing_written(compose: Typed, checkout: Path, me: Me) -> None:
    done = compose(*EXPERIMENT, "training.modles=3", **me)
    assert done.returncode == 2
    assert "models" in done.stderr
    assert "Traceback" not in done.stderr
    assert not any((checkout / "ExpOutput").iterdir())


def test_who_has_not_said_who_he_is_is_told_what_to_type(
    compose: Typed, checkout: Path, typed: Typed
) -> None:
    quick = (*EXPERIMENT, "--models", "2", "training.epochs=2")
    refused = compose(*quick)
    assert refused.returncode == 2
    message, advice = refused.stderr.strip().splitlines()[-2:]
    assert "the container runs as user 1000" in message
    assert typed("sh", "-c", advice, cwd=checkout).returncode == 0
    accepted = compose(*quick)
    assert accepted.returncode == 0, accepted.stderr


def test_any_other_command(compose: Typed, me: Me) -> None:
    done = compose("run", "--rm", "-T", "--entrypoint", "deepfeat", "experiment", "methods", **me)
    assert done.returncode == 0, done.stderr
    assert "first_layer" in done.stdout


def test_no_more_is_allowed_than_needed(compose: Typed, me: Me) -> None:
    script = """
        for place in / /app /app/Data /app/plugins /app/experiment.yml /opt/venv /app/ExpOutput /tmp; do
            [ -w $place ] && echo writable $place
        done
        for compiler in cc gcc g++ clang ld; do command -v $compiler; done
        echo user $(id -u):$(id -g)
        grep -E '^(CapPrm|CapEff|CapBnd|NoNewPrivs)' /proc/self/status
        ls /sys/class/net
        cat /proc/1/comm
    """
    done = compose("run", "--rm", "-T", "--entrypoint", "sh", "experiment", "-c", script, **me)
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["writable", "/app/ExpOutput"],
        ["writable", TMP],
        ["user", f"{me['UID']}:{me['GID']}"],
        ["CapPrm:", "0000000000000000"],
        ["CapEff:", "0000000000000000"],
        ["CapBnd:", "0000000000000000"],
        ["NoNewPrivs:", "1"],
        ["lo"],
        ["docker-init"],
    ]


@pytest.mark.parametrize("user", [(), ("--user", "54321:0")], ids=["own", "any"])
def test_the_image_works_without_compose(typed: Typed, checkout: Path, user: tuple[str, ...]) -> None:
    run = ("docker", "run", "--rm", "--network", "none", "--read-only", "--tmpfs", TMP)
    done = typed(*run, *user, "deepfeat", "methods", cwd=checkout)
    assert done.returncode == 0, done.stderr
    assert "first_layer" in done.stdout


def test_the_image_is_small_and_not_root(
    typed: Typed, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inspected = typed("docker", "image", "inspect", "deepfeat", cwd=checkout)
    (image,) = json.loads(inspected.stdout)
    with capsys.disabled():
        sys.stdout.write(f"\nthe image takes {image['Size'] / 1e9:.2f} GB\n")
    assert image["Size"] < LARGEST_IMAGE
    assert image["Config"]["User"] == "1000:1000"


def test_the_tests_pass_in_their_container(compose: Typed, me: Me) -> None:
    done = compose("run", "--rm", "-T", "tests", "-q", **me)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
