"""`deepfeat features`: what a layer of a trained network answers, as features for other models."""

import os
from pathlib import Path

import click

from deepfeat.commands.common import CONTEXT, say


@click.command(context_settings=CONTEXT)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-l", "--layer", required=True, help="The layer, such as dense; a wrong name lists them all.")
@click.option(
    "-d",
    "--data",
    type=click.Path(exists=True, path_type=Path),
    help="Other rows: a table with the same columns, or images [default: those of the experiment].",
)
@click.option(
    "-m", "--model", type=click.IntRange(min=0), default=0, show_default=True, help="Which network."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The Parquet file [default: features-LAYER.parquet in the current directory].",
)
@click.option(
    "--memory", default="64 MiB", show_default=True, help="Answers held in memory at a time, at most."
)
@click.option(
    "--classifier",
    is_flag=True,
    help="Also learn a linear classifier from the file, batch by batch, judge it on every fifth row, and "
    "write it beside the file as .npz.",
)
def features(
    *,
    run: Path,
    layer: str,
    data: Path | None,
    model: int,
    output: Path | None,
    memory: str,
    classifier: bool,
) -> None:
    """Write the outputs of a layer for every row of a table, or every image, to a Parquet file.

    RUN is the directory of a finished run. The file has the columns row, label and features, a list of equal
    length; nothing but a batch of it is ever in memory.
    """
    from deepfeat.config.sizes import parse_size  # noqa: PLC0415 - commands import what they need
    from deepfeat.nets import device  # noqa: PLC0415

    try:
        limit = parse_size(memory)
    except ValueError:
        raise click.BadParameter(
            f"found {memory}; write an amount such as 64 MiB", param_hint="--memory"
        ) from None
    device.prepare()
    from deepfeat.interop.features import learn, save_classifier, write_features  # noqa: PLC0415 - needs TensorFlow

    target = output or Path(f"features-{os.path.basename(layer)}.parquet")  # noqa: PTH119 - a name, not a path
    rows = write_features(
        run,
        layer,
        target,
        data=data,
        model=model,
        memory=limit,
        warn=lambda text: say(f"warning: {text}", err=True),
    )
    say(f"{target}: {rows:,} rows")
    if classifier:
        learned = learn(target)
        place = target.with_suffix(".classifier.npz")
        save_classifier(place, learned)
        say(
            f"{place}: learned from {learned.rows:,} rows, {len(learned.classes)} classes; accuracy on every "
            f"fifth row {learned.accuracy:.3f}"
        )
