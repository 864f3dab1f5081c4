"""Networks of convolutions trained per minute, beside `keras.Model.fit`: `python benchmarks/images.py`.

Both train the network `cnn` on the same made images, for the same epochs, with the same rows in a batch; each
way in a process of its own, with the settings of TensorFlow that it comes with. The time is that of a whole
network as a user waits for it: drawing its weights, training, validating after every epoch, keeping the best.
Compiling is told apart, since it is paid once. Then a training step by itself, in ways that a stack could do
it: see `docs/decisions/`.
"""

# ruff: noqa: PLC0415 - each way of training is measured in a process that loads nothing else

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from machine import machine
from results import add_folder, save

NAME = "images"
# Images to learn from, to validate on, their side, channels, epochs, members.
CASES = {"shapes": (420, 90, 16, 1, 10, 4), "cifar": (3840, 640, 32, 3, 2, 4)}
BATCH, CLASSES = 64, 10


def made(count: int, side: int, channels: int) -> tuple[Any, Any]:
    """Noise and labels: how long training takes does not depend on what there is to learn."""
    rng = np.random.default_rng(0)
    return rng.random((count, side, side, channels)).astype(np.float32), rng.integers(0, CLASSES, count)


def plain(case: str) -> dict[str, float]:
    """Seconds per member of `keras.Model.fit`, one member after the other."""
    import keras

    train, valid, side, channels, epochs, members = CASES[case]
    x, y = made(train + valid, side, channels)

    def one(epochs: int) -> None:
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((side, side, channels)),
                *(layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(2)),
                layers.MaxPooling2D(2, padding="same"),
                *(layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(2)),
                layers.MaxPooling2D(2, padding="same"),
                layers.Dense(64, activation="relu"),
                layers.Dropout(0.5),
                layers.Flatten(),
                layers.Dense(CLASSES, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(
            x[:train],
            y[:train],
            batch_size=BATCH,
            epochs=epochs,
            validation_data=(x[train:], y[train:]),
            callbacks=[keras.callbacks.EarlyStopping(patience=100, restore_best_weights=True)],
            verbose=0,
        )

    start = perf_counter()
    for _ in range(members):
        one(epochs)
    return {"seconds": (perf_counter() - start) / members, "compiling": 0.0}


def ours(case: str) -> dict[str, float]:
    """Seconds per member of the engine."""
    from deepfeat.data.dataset import Dataset, Feature
    from deepfeat.data.images.layout import Images, usual_region
    from deepfeat.ensemble import fit
    from deepfeat.nets.cnn import Cnn
    from deepfeat.training.plan import build_plan
    from deepfeat.training.settings import merge_settings
    from deepfeat.training.trainer import Trainer

    train, valid, side, channels, epochs, members = CASES[case]
    pictures, codes = made(train + valid + 10, side, channels)
    layout = Images(side, side, channels, usual_region(side, side))
    bounds = zip(layout.names, (0, *layout.ends[:-1]), layout.ends, strict=True)
    data = Dataset(
        name=case,
        x=layout.to_columns(pictures),
        y=np.eye(CLASSES, dtype=np.float32)[codes],
        task="multiclass",
        features=tuple(Feature(*bound) for bound in bounds),
        classes=tuple(str(code) for code in range(CLASSES)),
        source_rows=np.arange(len(codes)),
        images=layout,
    )
    total = train + valid + 10
    split = {"method": "random", "train": train / total, "valid": valid / total, "test": 10 / total}
    settings = merge_settings(
        Cnn.training, {"epochs": epochs, "patience": 100, "batch_size": BATCH, "split": split}, data.task
    )
    trainer = Trainer(data, Cnn(), settings)
    start = perf_counter()
    fit(build_plan(data, settings.split, len(os.sched_getaffinity(0)), 1, Cnn()), trainer)
    first = perf_counter() - start
    start = perf_counter()
    fit(build_plan(data, settings.split, members, 0, Cnn()), trainer)
    seconds = perf_counter() - start
    rounds = members / len(os.sched_getaffinity(0))
    return {"seconds": seconds / members, "compiling": max(0.0, first - seconds / rounds)}


def step() -> dict[str, float]:  # noqa: C901 - three ways to train a step, told in one place
    """Milliseconds of a step of 64 images of 32 x 32 x 3 for one member, in three ways."""
    import tensorflow as tf

    from deepfeat.nets.device import prepare

    prepare()
    rng = np.random.default_rng(0)
    shapes = ((3, 3, 3, 16), *[(3, 3, 16, 16)] * 3, (16, 64), (4096, CLASSES))

    def weights(members: int) -> list[Any]:
        return [tf.constant(rng.normal(size=(members, *s), scale=0.1).astype(np.float32)) for s in shapes]

    def image(members: int) -> Any:  # noqa: ANN401
        return tf.constant(rng.random((members, BATCH, 32, 32, 3)).astype(np.float32))

    def alone(hidden: Any, kernel: Any) -> Any:  # noqa: ANN401
        return tf.nn.conv2d(hidden[0], kernel[0], 1, "SAME")[None]

    def columns(hidden: Any, kernel: Any) -> Any:  # noqa: ANN401
        """The convolution of every member as a batched product with the neighbours of each pixel."""
        members, _, height, width, _ = hidden.shape
        wide = tf.pad(hidden, [[0, 0], [0, 0], [1, 1], [1, 1], [0, 0]])
        near = [wide[:, :, i : i + height, j : j + width] for i in range(3) for j in range(3)]
        product = tf.matmul(
            tf.reshape(tf.concat(near, -1), (members, -1, 9 * hidden.shape[-1])),
            tf.reshape(kernel, (members, -1, 16)),
        )
        return tf.reshape(product, (members, BATCH, height, width, 16))

    def trained(convolve: Callable[[Any, Any], Any]) -> Any:  # noqa: ANN401
        def pool(hidden: Any) -> Any:  # noqa: ANN401
            flat = tf.reshape(hidden, (-1, *hidden.shape[2:]))
            pooled = tf.nn.max_pool2d(flat, 2, 2, "SAME")
            return tf.reshape(pooled, (hidden.shape[0], BATCH, *pooled.shape[1:]))

        @tf.function
        def gradients(x: Any, kernels: list[Any]) -> Any:  # noqa: ANN401
            with tf.GradientTape() as tape:
                tape.watch(kernels)
                hidden = x
                for place, kernel in enumerate(kernels[:4]):
                    hidden = tf.nn.relu(convolve(hidden, kernel))
                    hidden = pool(hidden) if place % 2 else hidden
                members = hidden.shape[0]
                hidden = tf.nn.relu(tf.matmul(tf.reshape(hidden, (members, -1, 16)), kernels[4]))
                logits = tf.matmul(tf.reshape(hidden, (members, BATCH, -1)), kernels[5])
                loss = tf.reduce_mean(logits**2)
            return tape.gradient(loss, kernels)

        return gradients

    def seconds(work: Callable[[], Any], times: int) -> float:
        work()
        start = perf_counter()
        for _ in range(times):
            last = work()
        last[0].numpy()
        return (perf_counter() - start) / times

    one, x, own = trained(alone), image(1), weights(1)
    alone_ms = 1000 * seconds(lambda: one(x, own), 20)
    cores = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(cores) as pool:
        start = perf_counter()
        list(pool.map(lambda _: seconds(lambda: one(x, own), 20), range(cores)))
        abreast_ms = 1000 * (perf_counter() - start) / 21 / cores
    stack, many, kernels = trained(columns), image(4), weights(4)
    stacked_ms = 1000 * seconds(lambda: stack(many, kernels), 4) / 4
    return {"alone": alone_ms, "one on each core": abreast_ms, "a stack of 4, as products": stacked_ms}


def _apart(what: str) -> dict[str, float]:
    """One measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--only", what], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        done.check_returncode()
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_folder(parser)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="the small images only; nothing is kept")
    chosen = parser.parse_args()
    if chosen.only:
        kind, _, case = chosen.only.partition(":")
        print(json.dumps({"step": step, "plain": plain, "ours": ours}[kind](*filter(None, [case]))))
        return
    results: dict[str, Any] = {"machine": machine(), "cases": {}}
    for case in list(CASES)[: 1 if chosen.quick else None]:
        train, valid, side, channels, epochs, members = CASES[case]
        results["cases"][case] = {
            "train": train,
            "valid": valid,
            "side": side,
            "channels": channels,
            "epochs": epochs,
            "members": members,
            "keras": _apart(f"plain:{case}"),
            "deepfeat": _apart(f"ours:{case}"),
        }
    results["step"] = _apart("step")
    print(markdown(results))
    save(NAME, results, chosen.results, is_whole=not chosen.quick)


def markdown(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        "| images | epochs | `keras.Model.fit` | deepfeat | gain | compiling, once |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for case in results["cases"].values():
        ours, theirs = case["deepfeat"]["seconds"], case["keras"]["seconds"]
        lines.append(
            f"| {case['train']:,} of {case['side']} x {case['side']} x {case['channels']} | {case['epochs']} "
            f"| {60 / theirs:.1f} a minute | {60 / ours:.1f} a minute | {theirs / ours:.1f} "
            f"| {case['deepfeat']['compiling']:.1f} s |"
        )
    steps = results["step"]
    lines += ["", "| a step of 64 images of 32 x 32 x 3 | ms per network |", "| --- | ---: |"]
    lines += [f"| {name} | {ms:.1f} |" for name, ms in steps.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
