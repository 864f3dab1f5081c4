"""Runs on images go on where they were stopped, as those on tables do, and give the same bytes."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfeat.runs.paths import RunPaths

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of small images, and an experiment."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for name in ("dark", "light"):
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(30):
            pixels = rng.integers(0, 120, (8, 8, 3)) + (100 if name == "light" else 0)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / "pictures" / name / f"{number:02}.png")
    (folder / "e.yml").write_text(
        "name: demo\ndata: {images: {path: pictures, specimen: 2}}\n"
        "network: {preset: cnn, filters: 4, units: 4}\n"
        "training: {models: 2, epochs: 3, patience: 2}\nmethods: [saliency, layers, pixel_importance]\n"
        "ranking: {bootstrap: 100, skill_splits: 2}\n"
    )
    return folder


def carried_out(folder: Path, *settings: str, output: str = "out") -> tuple[str, RunPaths]:
    command = [sys.executable, "-m", "deepfeat", "run", "e.yml", *settings, "-o", output]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout, RunPaths.of(folder / output, "demo")


def digests(paths: RunPaths) -> dict[str, str]:
    return {
        path.relative_to(paths.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths.results())
        if path not in (paths.provenance, paths.report, paths.crate)
    }


def test_images_are_resumed_extended_and_repeated_to_the_byte(folder: Path) -> None:
    carried_out(folder)
    said, paths = carried_out(folder, "training.models=3")
    assert "Training 3 networks, 2 of them are there already" in said
    record = json.loads(paths.provenance.read_text())
    assert record["state"] == "complete"
    assert [*record["methods"]] == ["saliency", "layers", "pixel_importance"]
    ranking = paths.ranking.read_text().splitlines()[0].split(",")
    assert "layers" not in ranking  # it shows, and ranks nothing
    assert "pixel_importance" in ranking
    assert (paths.artefacts("layers") / "3_first_convolution.png").is_file()
    assert (paths.artefacts("pixel_importance") / "2_grad_cam.png").is_file()
    page = paths.report.read_text(encoding="utf-8")
    assert "Where the networks look" in page
    assert "Maps of conv_1a" in page
    _, other = carried_out(folder, "training.models=3", "training.stack_size=1", output="other")
    assert {k: v for k, v in digests(other).items() if k != "experiment.yml"} == {
        k: v for k, v in digests(paths).items() if k != "experiment.yml"
    }
