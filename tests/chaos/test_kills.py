"""SIGKILL of the whole process group at random moments: nothing is lost, and the bytes are the same."""

import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

Reference = Any  # of conftest.py

log = logging.getLogger(__name__)

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

KILLS = 25
POINTS = ("begun", "written", "synced", "named", "settled")
KINDS = ("objects/", "records/", "ranking.csv", "run.json", "model_00007", "lease.json", "losses.csv")


def test_killed_twenty_five_times(reference: Reference) -> None:
    place, manifest, seconds = reference.place, reference.manifest, reference.seconds
    seed = int(os.environ.get("CHAOS_SEED", "0"))
    chance = random.Random(seed)  # noqa: S311
    kills, runs, finished = 0, 0, Counter[str]()
    while kills < KILLS:
        runs += 1
        output = f"killed-{runs}"
        while kills < KILLS:
            committed = _records(place.root(output))
            process = place.start(output)
            try:
                said, _ = process.communicate(timeout=chance.uniform(0, seconds))
            except Exception:  # noqa: BLE001 - it still runs, as it nearly always does
                started = place.kill(process)
                kills += 1
                assert not place.orphans(started)
                after = _records(place.root(output))
                assert committed.items() <= after.items(), "what was committed stays, to the byte"
            else:
                assert process.returncode == 0, said
                break
        place.run(output)
        assert place.manifest(output) == manifest
        trained = place.trained(output)
        assert max(trained.values()) == 1, "no committed member is trained again"
        finished[output] = len(trained)
    log.warning("%d kills over %d runs, seed %d", kills, runs, seed)


def _records(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in root.glob(".deepfeat/records/*.json")}


KILLER = """
import os, signal, sys
from deepfeat.writing import atomic
point, part = sys.argv.pop(1), sys.argv.pop(1)
def reached(at, path):
    if at == point and part in str(path):
        os.kill(os.getpid(), signal.SIGKILL)
atomic.reached = reached
from deepfeat.cli import main
main()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_step_of_publishing(reference: Reference, kind: str) -> None:
    """At one step after the other in the same directory: each goes on where the one before was killed."""
    place, manifest = reference.place, reference.manifest
    output = f"killed-publishing-{kind.strip('/')}"
    for point in POINTS:
        process = place.start(output, program=("-c", KILLER, point, kind))
        said, _ = process.communicate(timeout=900)
        assert process.returncode == -signal.SIGKILL, (point, said)
    place.run(output)
    assert place.manifest(output) == manifest
    assert max(place.trained(output).values()) == 1


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1"])
@pytest.mark.parametrize("moment", [0.2, 0.5, 0.8])
def test_asked_to_stop(reference: Reference, name: str, moment: float) -> None:
    place, manifest, seconds = reference.place, reference.manifest, reference.seconds
    output = f"{name}-{moment}"
    process = place.start(output)
    time.sleep(seconds * moment)
    started = place.started_by(process)
    start = time.monotonic()
    os.killpg(process.pid, getattr(signal, name))
    said, _ = process.communicate(timeout=60)
    took = time.monotonic() - start
    assert process.returncode in (75, 0), said
    assert took < 8
    assert not place.orphans(started)
    if process.returncode == 75:
        assert f"Interrupted by {name}" in said
        assert f"{sys.executable} -m deepfeat run {place.folder}" in said.splitlines()[-1]
    place.run(output)
    assert place.manifest(output) == manifest
    assert max(place.trained(output).values()) == 1
