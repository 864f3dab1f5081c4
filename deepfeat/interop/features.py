"""What a layer of a trained network answers, as features for other models: written, read, learned from."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deepfeat.data.stream import Warn, stream
from deepfeat.ensemble import NotApplicable
from deepfeat.errors import InputError, Problem
from deepfeat.interop.loading import load_run
from deepfeat.runs.again import loaded_again
from deepfeat.writing.atomic import write_with

log = logging.getLogger(__name__)

# Bytes of answers that are held at a time, unless somebody says otherwise.
MEMORY = 1 << 26
_MOST_ROWS = 4096
_READ = 1 << 20  # numbers that are read at a time
_COPIES = 4  # of a batch of answers, from the network to the file
_HELD_OUT = 5  # every so-manieth row is kept from the classifier, to judge it by
_META = b"deepfeat"

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of a file of features.

    Attributes:
        numbers: (rows,) their numbers in the file that they come from.
        labels: (rows,) their classes, or numbers as text; an empty text where none is known.
        features: (rows, features) float32.
    """

    numbers: NDArray[np.int64]
    labels: NDArray[np.str_]
    features: Array


def write_features(
    run: Path,
    layer: str,
    output: Path,
    *,
    data: Path | None = None,
    model: int = 0,
    memory: int = MEMORY,
    warn: Warn = log.warning,
) -> int:
    """Write the outputs of a layer to Parquet, batch by batch: never more of them in memory than `memory`.

    The file has a row per row of the data: `row`, `label`, and `features`, a list of equal length; outputs
    with more axes are laid out row by row. What they are is in the metadata of the schema, as JSON.

    Args:
        run: the directory of a finished run.
        layer: of its network, such as `dense`.
        output: the file.
        data: other rows than those of the experiment: a table with the same columns, or images.
        model: number of the network.
        memory: bytes.
        warn: told of values in other rows that the networks do not know, and what they are taken as.

    Returns:
        How many rows were written.

    Raises:
        InputError: no such run, layer or network, or the data cannot be used.
        OutputError: the file cannot be written.
    """
    opened = load_run(run)
    whole = opened.ensemble
    if not 0 <= model < len(whole):
        raise InputError(Problem(str(run), 0, 0, f"has networks 0 to {len(whole) - 1}, not {model}"))
    ensemble = whole.select([model])
    if layer not in ensemble.layers:
        known = ", ".join(ensemble.layers)
        raise InputError(Problem(str(run), 0, 0, f"its network has no layer {layer!r}; use one of: {known}"))
    loaded = loaded_again(opened.paths)
    try:
        shape = ensemble.activations(whole.data.x[:1], layer).shape[2:]
    except NotApplicable as error:
        raise InputError(Problem(str(run), 0, 0, str(error))) from error
    width = int(np.prod(shape))
    widest = max(width, *ensemble.template.widths)
    rows = int(np.clip(memory // (4 * _COPIES * widest), 1, _MOST_ROWS))
    told = {"run": str(run), "layer": layer, "model": model, "shape": list(shape)}
    schema = pa.schema(
        [("row", pa.int64()), ("label", pa.string()), ("features", pa.list_(pa.float32(), width))],
        metadata={_META: json.dumps(told)},
    )
    written = 0

    def write(path: Path) -> None:
        nonlocal written
        with pq.ParquetWriter(path, schema, use_dictionary=["label"]) as writer:
            given = loaded.experiment.data, whole.data, loaded.resolve_path, data
            for part in stream(*given, rows, warn):
                answers = ensemble.activations(part.x, layer)[0].reshape(len(part.x), width)
                values = pa.FixedSizeListArray.from_arrays(pa.array(answers.reshape(-1)), width)
                columns = [pa.array(part.numbers), pa.array(part.labels.tolist(), pa.string()), values]
                writer.write_table(pa.table(columns, schema=schema))
                written += len(part.x)

    write_with(output, write)
    return written


def read_features(path: Path, rows: int | None = None) -> Iterator[Batch]:
    """The rows of a file that `write_features` wrote, a few at a time.

    Args:
        path: of the file.
        rows: at a time, at most; by default some megabytes of them.

    Raises:
        InputError: it is no such file.
    """
    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(Problem(str(path), 0, 0, f"cannot be read as Parquet: {error}")) from error
    with file:
        if file.schema_arrow.names != ["row", "label", "features"]:
            raise InputError(Problem(str(path), 0, 0, "holds no features; write it with `deepfeat features`"))
        width = file.schema_arrow.field("features").type.list_size
        size = rows or max(1, min(_MOST_ROWS, _READ // width))
        # group by group: a reader of the whole file keeps what it has read
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(size, row_groups=[group]):
                values = batch.column(2).flatten().to_numpy(zero_copy_only=False)
                yield Batch(
                    batch.column(0).to_numpy(),
                    np.array(batch.column(1).to_pylist(), dtype=np.str_),
                    values.reshape(-1, width),
                )


@dataclass(frozen=True, eq=False)
class Classifier:
    """A linear classifier of features, and how good it is.

    Attributes:
        classes: their names.
        coefficients: (classes, features), or (1, features) for two classes.
        intercept: (classes,) or (1,).
        center: (features,) what is taken off each feature first.
        scale: (features,) what each is then divided by.
        accuracy: share of right answers on every fifth row, which it has not learned from.
        rows: rows that it has learned from.
    """

    classes: NDArray[np.str_]
    coefficients: NDArray[np.float64]
    intercept: NDArray[np.float64]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    accuracy: float
    rows: int


def learn(path: Path, *, passes: int = 3, seed: int = 0) -> Classifier:
    """A logistic regression on stored features, learned batch by batch (scikit-learn's `partial_fit`).

    Args:
        path: a file of `write_features`; rows without a class are left out.
        passes: how often it sees each row.
        seed: of the order of the rows within a batch.

    Raises:
        InputError: it is no such file, or holds fewer than two classes.
    """
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - slow to import
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - as above

    scaler, found, rows = StandardScaler(), set(), 0
    for train, labels in _parts(path, held_out=False):
        scaler.partial_fit(train)
        found |= set(labels.tolist())
        rows += len(labels)
    classes = np.array(sorted(found), dtype=np.str_)
    if len(classes) < 2:  # noqa: PLR2004
        raise InputError(
            Problem(str(path), 0, 0, "holds fewer than two classes; there is nothing to tell apart")
        )
    model = SGDClassifier(loss="log_loss", alpha=1e-4, average=True, random_state=seed)
    rng = np.random.default_rng(seed)
    for _ in range(passes):
        for train, labels in _parts(path, held_out=False):
            order = rng.permutation(len(labels))
            model.partial_fit(scaler.transform(train)[order], labels[order], classes=classes)
    right = total = 0
    for test, labels in _parts(path, held_out=True):
        right += int((model.predict(scaler.transform(test)) == labels).sum())
        total += len(labels)
    return Classifier(
        classes,
        np.asarray(model.coef_),
        np.asarray(model.intercept_),
        np.asarray(scaler.mean_),
        np.asarray(scaler.scale_),
        right / total if total else float("nan"),
        rows,
    )


def save_classifier(path: Path, classifier: Classifier) -> None:
    """Write a classifier as plain arrays, `.npz`.

    Raises:
        OutputError: the file cannot be written.
    """

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream_:
            np.savez(
                stream_,
                allow_pickle=False,
                classes=classifier.classes,
                coefficients=classifier.coefficients,
                intercept=classifier.intercept,
                center=classifier.center,
                scale=classifier.scale,
            )

    write_with(path, write)


def _parts(path: Path, *, held_out: bool) -> Iterator[tuple[Array, NDArray[np.str_]]]:
    """Features and classes of the rows to learn from, or of every fifth row."""
    seen = 0
    for batch in read_features(path):
        place = np.arange(seen, seen + len(batch.labels))
        seen += len(batch.labels)
        chosen = (batch.labels != "") & ((place % _HELD_OUT == _HELD_OUT - 1) == held_out)
        if chosen.any():
            yield batch.features[chosen], batch.labels[chosen]
