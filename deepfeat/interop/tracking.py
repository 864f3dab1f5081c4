"""A finished run in the experiment trackers that a group may already use: MLflow and TensorBoard."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from deepfeat.config import LoggingConfig, expand_home
from deepfeat.interop.loading import Run, load_run
from deepfeat.runs import provenance
from deepfeat.runs.identity import anywhere
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.atomic import write_text

_LONGEST = 500  # letters of a parameter that MLflow shows
_LOSSES = ("train_loss", "valid_loss")
_WHO = re.compile(r"(?<=://)[^/\s]*@")


def track(root: Path, logging: LoggingConfig) -> None:
    """Hand a finished run to the trackers that an experiment names, unless they have it.

    The same command, typed again when all is done, shall add no second copy. One that fails is asked again.

    Args:
        root: the run's directory.
        logging: where to.

    Raises:
        Exception: whatever a tracker raises, such as a server that does not answer.
    """
    paths = RunPaths(root)
    execution = (provenance.earlier(paths.provenance) or {}).get("started")
    told = _told(paths, execution)
    for place, tell in _trackers(logging).items():
        # No address is kept: it may hold a password.
        name = provenance.digest(without_passwords(place))
        if name not in told:
            tell(load_run(root))
            told.append(name)
            write_text(paths.tracked, provenance.as_json({"started": execution, "told": told}))


def _trackers(logging: LoggingConfig) -> dict[str, Callable[[Run], object]]:
    """How each tracker is told, by its kind and place."""
    found: dict[str, Callable[[Run], object]] = {}
    if uri := logging.mlflow:
        found[f"mlflow {uri}"] = lambda run: to_mlflow(run, uri)
    if logging.tensorboard:
        folder = expand_home(logging.tensorboard).absolute()
        found[f"tensorboard {folder}"] = lambda run: to_tensorboard(run, folder / run.experiment.name)
    return found


def _told(paths: RunPaths, execution: str | None) -> list[str]:
    """The trackers that have been handed the results of an execution, which is known by its beginning."""
    try:
        content = json.loads(paths.tracked.read_bytes())
        return list(content["told"]) if content["started"] == execution else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def without_passwords(text: str) -> str:
    """A text without the names and passwords in the addresses that it holds, such as what a tracker says."""
    return _WHO.sub("", text)


def to_mlflow(run: Run, uri: str) -> str:
    """Log parameters, scores, losses per epoch and the result files as one MLflow run.

    Args:
        run: what to log.
        uri: the tracking server or store, such as `http://127.0.0.1:5000` or `sqlite:///mlflow.db`.

    Returns:
        The identifier of the MLflow run.
    """
    import mlflow  # noqa: PLC0415 - an optional library

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(run.experiment.name)
    with mlflow.start_run() as active:
        settings = anywhere(run.experiment).model_dump(mode="json")
        mlflow.log_params({name: str(value)[:_LONGEST] for name, value in _flat(settings)})
        mlflow.log_metrics(_numbers(run))
        for epoch, losses in _mean_losses(run).iterrows():
            mlflow.log_metrics(losses.to_dict(), step=int(str(epoch)))
        for path in _files(run):
            mlflow.log_artifact(str(path), "figures" if path.parent == run.paths.figures else None)
        return str(active.info.run_id)


def to_tensorboard(run: Run, folder: Path) -> None:
    """Write the losses of every network, the scores, and the answer in words as TensorBoard events.

    Args:
        run: what to log.
        folder: where to; the networks' losses go to `member_00000` and so on below it.
    """
    import tensorflow as tf  # noqa: PLC0415 - takes seconds to import

    def written(where: Path, write: Callable[[], None]) -> None:
        writer = tf.summary.create_file_writer(str(where))
        with writer.as_default():
            write()
        writer.close()

    def overview() -> None:
        for name, value in _numbers(run).items():
            tf.summary.scalar(name, value, step=0)
        for epoch, losses in _mean_losses(run).iterrows():
            for loss in _LOSSES:
                tf.summary.scalar(loss, losses[loss], step=int(str(epoch)))
        tf.summary.text("answer", "\n\n".join(map(_as_plain, run.answer["headline"])), step=0)

    written(folder, overview)
    for member, history in run.table("history").groupby("member"):

        def losses(rows: pd.DataFrame = history) -> None:
            for row in rows.itertuples():
                tf.summary.scalar("train_loss", row.train_loss, step=row.epoch)
                tf.summary.scalar("valid_loss", row.valid_loss, step=row.epoch)

        written(folder / f"member_{int(str(member)):05d}", losses)


def _numbers(run: Run) -> dict[str, float]:
    """What a run comes down to, by name: skill, stability, agreement, members."""
    score = run.answer["skill"]["score"]
    skill = run.table("skill")
    numbers = {f"{score}.{row['model']}": row["mean"] for row in skill.to_dict("records")}
    numbers |= {f"members.{name}": count for name, count in run.answer["members"].items()}
    numbers["stability"] = run.answer["stability"]["value"]
    numbers["kendall_w"] = run.answer["kendall_w"]
    return {name: float(value) for name, value in numbers.items() if value is not None and isfinite(value)}


def _mean_losses(run: Run) -> pd.DataFrame:
    """Mean over the networks that were still training, a row per epoch."""
    history = run.table("history")
    return history.groupby("epoch")[list(_LOSSES)].mean()


def _files(run: Run) -> Iterator[Path]:
    paths = run.paths
    for path in (
        *(paths.ranking, paths.answer, paths.skill, paths.members, paths.experiment, paths.provenance),
        paths.report,
    ):
        if path.is_file():
            yield path
    yield from sorted(path for path in paths.figures.glob("*") if path.is_file())


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by their whole name, `training.models`; those that were left to the preset are left out."""
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}", value


def _as_plain(text: str) -> str:
    """Text that TensorBoard, which renders Markdown, shows as it is: others choose the features' names."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]()#+-.!|<>&~" else char for char in text)
