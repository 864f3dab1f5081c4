"""Outputs of layers as files: of images and tables, of other rows, and larger than the memory they get."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from deepfeat.cli import program
from deepfeat.errors import InputError
from deepfeat.interop.features import learn, read_features, write_features
from deepfeat.interop.loading import load_run

pytestmark = pytest.mark.slow


def bright(count: int, side: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Images, and whether their upper half is bright."""
    rng = np.random.default_rng(count)
    label = np.arange(count) % 2
    pixels = rng.integers(0, 120, (count, side, side, 1)).astype(np.uint8)
    pixels[label == 1, : side // 2] += 120
    return pixels, np.array(["dark", "bright"])[label]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on images."""
    folder = tmp_path_factory.mktemp("features")
    pixels, labels = bright(120)
    np.savez(folder / "images.npz", x=pixels, y=labels)
    (folder / "e.yml").write_text(
        dedent(f"""
        name: bright
        data: {{images: {folder / "images.npz"}}}
        network: {{preset: cnn, filters: 4, units: 8}}
        training: {{models: 2, epochs: 6}}
        methods: [saliency]
        ranking: {{bootstrap: 100}}
        """)
    )
    done = subprocess.run(
        [sys.executable, "-m", "deepfeat", "run", str(folder / "e.yml"), "-o", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return folder / "bright"


def test_features_are_what_the_layer_answers(run: Path, tmp_path: Path) -> None:
    output = tmp_path / "dense.parquet"
    assert write_features(run, "dense", output, model=1, memory=1 << 16) == 120
    table = pq.read_table(output)
    assert json.loads(table.schema.metadata[b"deepfeat"])["shape"] == [2, 2, 8]
    batches = list(read_features(output, 50))
    assert sum(len(batch.labels) for batch in batches) == 120
    assert all(len(batch.labels) <= 50 for batch in batches)
    features = np.concatenate([batch.features for batch in batches])
    ensemble = load_run(run).ensemble
    expected = ensemble.select([1]).activations(ensemble.data.x, "dense")[0].reshape(-1, 32)
    # the specimen is in the file, though not among the rows of the training data
    rows = np.concatenate([batch.numbers for batch in batches])
    among = np.isin(rows, ensemble.data.source_rows)
    assert among.sum() == 119
    assert features[among] == pytest.approx(expected, abs=1e-5)
    assert set(np.concatenate([batch.labels for batch in batches])) == {"dark", "bright"}


def test_other_images_of_another_size_and_an_incremental_classifier(run: Path, tmp_path: Path) -> None:
    pixels, labels = bright(400, side=16)
    np.savez(tmp_path / "others.npz", x=pixels, y=labels)
    output = tmp_path / "out.parquet"
    arguments = ["features", str(run), "--layer", "flatten", "--data", str(tmp_path / "others.npz")]
    done = CliRunner().invoke(program, [*arguments, "-o", str(output), "--classifier"])
    assert done.exit_code == 0, done.output
    assert "400 rows" in done.output
    with np.load(tmp_path / "out.classifier.npz", allow_pickle=False) as stored:
        assert stored["classes"].tolist() == ["bright", "dark"]
    learned = learn(output)
    assert learned.rows == 320
    assert learned.accuracy > 0.95


def test_what_cannot_be_had_is_told(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no layer 'dens'; use one of: picture, conv_1a"):
        write_features(run, "dens", tmp_path / "x.parquet")
    with pytest.raises(InputError, match="has networks 0 to 1, not 7"):
        write_features(run, "dense", tmp_path / "x.parquet", model=7)
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        list(read_features(run / "ranking.csv"))
    assert list(tmp_path.iterdir()) == []


def test_features_of_a_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["a,b,kind,y"]
    for _ in range(80):
        a, b, kind = rng.normal(), rng.normal(), rng.choice(["x", "y", "z"])
        lines.append(f"{a:.3f},{b:.3f},{kind},{int(a + (kind == 'x') > 0.3)}")
    table = tmp_path / "t.csv"
    table.write_text("\n".join(lines) + "\n")
    (tmp_path / "e.yml").write_text(
        f"name: t\ndata: {{path: {table}}}\ntraining: {{models: 2, epochs: 3}}\nmethods: [gate]\n"
        "ranking: {bootstrap: 100}\n"
    )
    command = [sys.executable, "-m", "deepfeat", "run", str(tmp_path / "e.yml"), "-o", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    others = tmp_path / "others.csv"
    others.write_text("\n".join([lines[0], *lines[5:40], "1.5,,new,1"]) + "\n")
    write_features(tmp_path / "t", "dense_1", tmp_path / "all.parquet")
    arguments = ["features", str(tmp_path / "t"), "--layer", "dense_1", "--data", str(others)]
    done = CliRunner().invoke(program, [*arguments, "-o", str(tmp_path / "some.parquet")])
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("some.parquet: 36 rows\n")
    assert "warning: kind: 1 of 36 values is a category" in done.stderr
    whole, some = (
        np.concatenate([batch.features for batch in read_features(tmp_path / name)])
        for name in ("all.parquet", "some.parquet")
    )
    assert some[:35] == pytest.approx(whole[4:39], abs=1e-6)
    assert np.isfinite(some).all()
    others.write_text("a,kind,y\n" + "1,x,1\n0,y,0\n" * 10)
    with pytest.raises(InputError, match="has no column b; give a table with the columns of"):
        write_features(tmp_path / "t", "dense_1", tmp_path / "none.parquet", data=others)


def test_a_set_larger_than_the_memory_that_it_gets(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def table(rows: int) -> pd.DataFrame:
        frame = pd.DataFrame(rng.normal(size=(rows, 2)).astype(np.float32), columns=["a", "b"])
        return frame.assign(y=(frame["a"] > 0).astype(int))

    table(200).to_parquet(tmp_path / "t.parquet")
    table(1_000_000).to_parquet(tmp_path / "many.parquet")
    (tmp_path / "e.yml").write_text(
        f"name: t\ndata: {{path: {tmp_path}/t.parquet, target: y}}\ntraining: {{models: 1, epochs: 3}}\n"
        "methods: [gate]\nranking: {bootstrap: 100, skill_splits: 2}\n"
    )
    command = [sys.executable, "-m", "deepfeat", "run", str(tmp_path / "e.yml"), "-o", str(tmp_path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    script = dedent("""
        import resource, sys
        from pathlib import Path
        import psutil
        from deepfeat.nets import device
        device.prepare()
        from deepfeat.interop.features import learn, read_features, write_features
        folder = Path(sys.argv[1])
        write_features(folder / "t", "dense_1", folder / "warm.parquet", memory=1 << 24)
        learn(folder / "warm.parquet", passes=1)
        used = psutil.Process().memory_info().rss
        given = {"data": folder / "many.parquet", "memory": 1 << 24}
        rows = write_features(folder / "t", "dense_1", folder / "all.parquet", **given)
        total = sum(batch.features.nbytes for batch in read_features(folder / "all.parquet"))
        learned = learn(folder / "all.parquet", passes=1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(rows, total, peak - used, learned.accuracy)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows, total, grown, accuracy = (float(word) for word in done.stdout.split())
    assert rows == 1_000_000
    assert total == rows * 128 * 4  # 512 MB
    assert grown < 300 << 20, f"grew by {grown / 2**20:.0f} MiB"
    assert accuracy > 0.95
