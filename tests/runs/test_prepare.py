"""Everything that is checked before work starts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfeat.errors import InputError
from deepfeat.runs.prepare import prepare

Write = Callable[..., Path]


def refused(path: Path, *overrides: str) -> list[str]:
    """What is said, a line per fault, without the directory of the test."""
    with pytest.raises(InputError) as caught:
        prepare(path, overrides)
    return [line.replace(f"{path.parent}/", "") for line in str(caught.value).splitlines()]


def test_an_experiment_is_prepared_as_it_is_written(write_experiment: Write) -> None:
    path = write_experiment(
        training={"loss": "cross_entropy", "memory": "2 MiB", "split": {"method": "kfold", "folds": 3}},
        network={"preset": "ashraf-2021", "units": 5},
        methods=["first_layer", "gate"],
    )
    prepared = prepare(path, ["training.models=4"])
    assert (prepared.data.n_rows, prepared.data.feature_names) == (60, ("weight", "height", "colour"))
    assert prepared.network.describe()["units"] == 5
    assert prepared.settings.loss == "cross_entropy"
    assert prepared.settings.patience == 15, "as the preset says"
    assert len(prepared.plan) == 4
    assert all(len(split.held_out) == 20 for split in prepared.plan.splits)
    assert [method.name for method, _ in prepared.methods] == ["first_layer", "gate"]
    assert prepared.memory == 2 * 2**20


def test_the_memory_is_left_to_the_trainer_unless_it_is_given(write_experiment: Write) -> None:
    assert prepare(write_experiment()).memory is None


def test_a_seed_decides_the_plan(write_experiment: Write) -> None:
    path = write_experiment()
    seeds = [prepare(path, [f"seed={seed}"]).plan.seeds for seed in (0, 0, 1)]
    assert seeds[0] == seeds[1] != seeds[2]


def test_faults_of_method_network_and_data_are_told_together(write_experiment: Write) -> None:
    path = write_experiment(
        methods=["gate", "first_layr"],
        network={"preset": "default", "units": [0], "layers": 3},
        data={"path": "table.csv", "target": "il"},
    )
    said = refused(path)
    assert len(said) == 4
    for words in ("first_layr", "network.units", "network.layers", "'il'"):
        assert sum(words in line for line in said) == 1, words
    assert any("did you mean first_layer?" in line for line in said)
    assert all(line.startswith(("experiment.yml:", "table.csv")) for line in said)


def test_an_unknown_network_is_told_with_the_nearest(write_experiment: Write) -> None:
    (said,) = refused(write_experiment(network={"preset": "ashraf"}))
    assert said.startswith("experiment.yml:")
    assert "network.preset: " in said
    assert "ashraf-2021" in said


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ["training.split.method=last", "training.split.train=0.02", "training.split.valid=0.5"],
            "training row",
        ),
        (
            ["training.split.method=last", "training.split.train=0.6", "training.split.valid=0.02"],
            "validation row",
        ),
    ],
)
def test_a_plan_that_cannot_be_trained_is_refused(
    write_experiment: Write, overrides: list[str], words: str
) -> None:
    (said,) = refused(write_experiment(), *overrides)
    assert "training.split: plan main: member 0 has " in said
    assert words in said
    assert "; give more rows" in said


def test_nothing_is_written(write_experiment: Write) -> None:
    path = write_experiment()
    before = sorted(path.parent.iterdir())
    prepare(path)
    refused(path, "data.target=nothing")
    assert sorted(path.parent.iterdir()) == before


def test_methods_and_networks_for_the_other_kind_of_data_are_refused(
    write_experiment: Write, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 4, 4)).astype(np.uint8)
    np.savez(tmp_path / "images.npz", x=pixels, y=np.arange(40) % 2)
    images = write_experiment(
        methods=["glm", "permutation", "layers"],
        network={"preset": "cnn", "units": 4},
        data={"path": None, "target": "last", "images": str(tmp_path / "images.npz")},
    )
    (line,) = refused(images)
    assert "methods.0: glm is for tables and data are images; remove it" in line
    table = write_experiment(methods=["gate", "layers"], network={"preset": "cnn", "units": 4})
    said = refused(table)
    assert len(said) == 2
    assert any("layers is for images and data is a table; remove it" in line for line in said)
    assert any(
        "cnn takes images and data is a table; choose another, or give data.images" in line for line in said
    )


def test_controls_of_images_are_those_that_can_be_asked_about_them(
    write_experiment: Write, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 4, 4)).astype(np.uint8)
    np.savez(tmp_path / "images.npz", x=pixels, y=np.arange(40) % 2)
    path = write_experiment(
        methods=["saliency"],
        network={"preset": "cnn", "units": 4},
        data={"path": None, "target": "last", "images": str(tmp_path / "images.npz")},
    )
    asked = [method for method, _ in prepare(path, ["controls=always"]).methods]
    assert "label_permutation" in [method.name for method in asked]
    assert all("images" in method.inputs for method in asked)
