"""Bytes that flip in a finished run, in every file at once: noticed, named, and only that is made again."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from deepfeat.runs.ledger.ledger import Ledger

Reference = Any  # of conftest.py

pytestmark = [pytest.mark.slow, pytest.mark.chaos]


def _flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(content))


def _copied(reference: Reference, output: str) -> Path:
    root: Path = reference.place.root(output)
    shutil.copytree(reference.place.root("undisturbed"), root)
    return root


def test_every_result_file(reference: Reference) -> None:
    root, chance = _copied(reference, "results-damaged"), random.Random(0)  # noqa: S311
    apart = (root / ".deepfeat", root / "logs", root / "run.json")
    damaged = [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file() and not any(path.is_relative_to(other) for other in apart)
    ]
    kinds = {"answer.json", "experiment.yml", "report.html", "ro-crate-metadata.json", "ranking.svg"}
    assert kinds < {path.name for path in damaged}
    for path in damaged:
        _flip(path, chance)
    before = reference.place.trained("results-damaged")
    said = reference.place.run("results-damaged")
    assert reference.place.manifest("results-damaged") == reference.manifest
    assert reference.place.trained("results-damaged") == before, "nothing is trained again"
    assert [path for path in damaged if f"{path}: was changed since the run ended" not in said] == []


@pytest.mark.parametrize("part", ["records", "objects"])
def test_the_whole_ledger(reference: Reference, part: str) -> None:
    root, chance = _copied(reference, f"{part}-damaged"), random.Random(0)  # noqa: S311
    records = [
        root / ".deepfeat" / "records" / record.name for record in Ledger(root / ".deepfeat").records()
    ]
    for path in sorted((root / ".deepfeat" / part).rglob("*")):
        if path.is_file():
            _flip(path, chance)
    before = reference.place.trained(f"{part}-damaged")
    said = reference.place.run(f"{part}-damaged")
    assert reference.place.manifest(f"{part}-damaged") == reference.manifest
    after = reference.place.trained(f"{part}-damaged")
    assert after == {key: 2 * times for key, times in before.items()}, "all of it, once"
    assert [path for path in records if str(path) not in said] == []
