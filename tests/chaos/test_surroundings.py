"""What a result may not depend on; and twenty processes that compute the same stack at the same time."""

import json
import os
import random
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
Reference = Any  # of conftest.py

pytestmark = [pytest.mark.slow, pytest.mark.chaos]


@pytest.mark.parametrize("number", range(6))
def test_any_environment_gives_the_same_bytes(reference: Reference, tmp_path: Path, number: int) -> None:
    place, manifest = reference.place, reference.manifest
    chance = random.Random(number)  # noqa: S311
    environment = {
        "PYTHONHASHSEED": str(chance.randrange(2**32)),
        "TZ": chance.choice(["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"]),
        "LC_ALL": chance.choice(["C", "C.UTF-8", "POSIX", "tr_TR.UTF-8", "de_DE.UTF-8"]),
        "TF_NUM_INTRAOP_THREADS": chance.choice(["1", "2", "3"]),
    }
    output = f"environment-{number}"
    place.run(output, environment=environment, umask=chance.choice([0o000, 0o022, 0o077]), cwd=tmp_path)
    assert place.manifest(output) == manifest


def test_any_size_of_stack_gives_the_same_bytes(reference: Reference) -> None:
    place, manifest = reference.place, reference.manifest
    place.run("large-stacks", "training.stack_size=50")
    differ = {name for name, digest in place.manifest("large-stacks").items() if manifest[name] != digest}
    assert differ == {"experiment.yml"}, "which tells of the stack size"


SAME_STACK = """
    import json, sys, time, warnings
    from pathlib import Path
    from deepfeat.runs.prepare import prepare
    prepared = prepare(Path(sys.argv[1]), ["training.models=4"])
    from deepfeat.runs.fitting import LedgerFit
    from deepfeat.runs.ledger.keys import member_keys, training_work
    from deepfeat.runs.ledger.ledger import Ledger
    from deepfeat.training.trainer import Trainer
    fit = LedgerFit(Ledger(Path(sys.argv[2])))
    trainer = Trainer(prepared.data, prepared.network, prepared.settings)
    work = training_work(prepared.data, prepared.network, prepared.settings)
    ready = Path(sys.argv[3]); (ready / sys.argv[4]).touch()
    while len(list(ready.iterdir())) < int(sys.argv[5]):
        time.sleep(0.05)
    fit.train_stack(prepared.plan, trainer, work)
    found = fit.ledger.get(member_keys(prepared.plan, work)[0])
    print(json.dumps([found.record.files, found.record.made]))
"""


def test_twenty_at_a_time_publish_one_result(reference: Reference, tmp_path: Path) -> None:
    place = reference.place
    (tmp_path / "ready").mkdir()
    arguments = [str(place.folder / "experiment.yml"), str(tmp_path / "ledger"), str(tmp_path / "ready")]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SAME_STACK), *arguments, str(number), "20"],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_NUM_INTRAOP_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(20)
    ]
    said = [process.communicate(timeout=500) for process in processes]
    assert [process.returncode for process in processes] == [0] * 20, said
    told = [json.loads(out.splitlines()[-1]) for out, _ in said]
    assert len({json.dumps(files, sort_keys=True) for files, _ in told}) == 1
    assert len({json.dumps(made, sort_keys=True) for _, made in told}) == 1
    assert len(list((tmp_path / "ledger" / "records").iterdir())) == 1
    objects = [path for path in (tmp_path / "ledger" / "objects").rglob("*") if path.is_file()]
    assert len(objects) == 3
    assert not list((tmp_path / "ledger").rglob(".deepfeat-tmp-*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_too_small(reference: Reference, small_disk: Path) -> None:
    place = reference.place
    command = [sys.executable, "-m", "deepfeat", "run", str(place.folder / "experiment.yml")]
    done = subprocess.run(
        [*command, "--output", str(small_disk)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "the disk is full; free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Finished" not in done.stdout
    assert not (small_disk / "chaos" / "ranking.csv").exists()


def test_a_place_that_cannot_be_written(reference: Reference, small_disk: Path) -> None:
    place = reference.place
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "deepfeat", "run", str(place.folder / "experiment.yml")),
            *("--output", str(small_disk)),
        ],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "the file system is read-only" in done.stderr
    assert "Traceback" not in done.stderr
