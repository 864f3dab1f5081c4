"""The program, its exit codes, and the commands that look at things; imports nothing heavy."""

import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepfeat.commands import cluster, starting
from deepfeat.commands import features as layers
from deepfeat.commands import methods as plugged
from deepfeat.commands.common import (
    CONTEXT,
    EXPERIMENT,
    SETTINGS,
    experiment_and_overrides,
    prepared_runs,
    run_paths,
    say,
)
from deepfeat.commands.run import run
from deepfeat.errors import DeepfeatError, ExitCode, is_lack_of_memory
from deepfeat.visible import on_own_lines

if TYPE_CHECKING:
    from deepfeat.runs.paths import RunPaths

NO_MEMORY = (
    "There is not enough memory. Free some, raise the limit (MEMORY_LIMIT in .env for a\n"
    "container), or train fewer networks together (training.stack_size=10). The same command\n"
    "goes on with what was finished."
)


def main() -> None:
    """Run the program and leave with its exit code; the one place where errors become messages."""
    # TensorFlow's start-up messages are about itself; whoever debugs it can set the variable.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        sys.exit(program.main(prog_name="deepfeat", standalone_mode=False) or ExitCode.COMPLETE)
    except click.exceptions.Abort:
        _stopped()
    except KeyboardInterrupt:
        _stopped()
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USER_INPUT)
    except DeepfeatError as error:
        for line in str(error).splitlines():
            say(line, err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - whatever gets here is a bug of ours, and is told as one
        if is_lack_of_memory(error):
            click.echo(NO_MEMORY, err=True)
            sys.exit(ExitCode.INTERRUPTED)
        click.echo(on_own_lines(traceback.format_exc().rstrip()), err=True)
        say("This is a bug in deepfeat, not in your input. Please report it with the lines above.", err=True)
        sys.exit(ExitCode.BUG)


def _stopped() -> None:
    click.echo("Stopped.", err=True)
    sys.exit(ExitCode.KEYBOARD)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click calls it so
    if wanted:
        from deepfeat.runs.provenance import for_a_report  # noqa: PLC0415

        for name, version in for_a_report().items():
            click.echo(f"{name:<16}{version}")
        context.exit()


@click.group(context_settings=CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the versions that matter in a bug report.",
)
def program() -> None:
    """Which inputs matter to a deep network, how strongly, and how sure are we?

    deepfeat reads one experiment file, trains many Keras networks as one, asks them with the importance
    methods that it names, and writes a ranking of the features with intervals.

    \b
    Begin with:
      deepfeat demo                           examples, each with its data
      deepfeat init --data FILE --target NAME one for a table of yours
      deepfeat run experiment.yml             results go to ExpOutput/NAME/
    """


program.add_command(run)


@program.command(context_settings=CONTEXT)
@click.argument("run", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the page goes [default: report.html in the directory of the run].",
)
def report(run: Path, output: Path | None) -> None:
    """Draw the figures of a finished run again, and write its page; nothing is trained.

    RUN is the directory of a run, such as ExpOutput/breast_cancer. Every figure goes to its figures/ as PNG,
    SVG and CSV. The page is one file that opens without an internet connection; its links lead to the other
    files of the run.
    """
    from deepfeat.report.page import write_report  # noqa: PLC0415 - commands import what they need
    from deepfeat.runs.paths import RunPaths  # noqa: PLC0415
    from deepfeat.runs.sealing import seal_page  # noqa: PLC0415

    click.echo(write_report(run, output))
    seal_page(RunPaths(run))


@program.command(context_settings=CONTEXT)
@EXPERIMENT
@SETTINGS
def validate(experiment: str, settings: tuple[str, ...]) -> None:
    """Check an experiment, its data and its methods without training anything.

    Prints every fault at once as file:line:column, with what to do, and leaves with exit code 2; says what
    would be run and leaves with 0 where there is none. Takes the same overrides as `run`.
    """
    from deepfeat.config import load_experiment  # noqa: PLC0415 - commands import what they need
    from deepfeat.writing.labels import counted  # noqa: PLC0415

    file, overrides = experiment_and_overrides(experiment, settings)
    loaded = load_experiment(file, overrides)
    *arms, (_, prepared, _) = prepared_runs(loaded, overrides, run_paths(loaded, None))
    data, plan = prepared.data, prepared.plan
    say(f"{file}: valid")
    size = f"{counted(data.n_rows, 'row')}, {counted(data.n_features, 'feature')}"
    say(f"  data     {data.name}: {size}, {data.task}")
    say(f"  network  {prepared.network.name}")
    loss, epochs = prepared.settings.loss, counted(prepared.settings.epochs, "epoch")
    click.echo(f"  training {counted(len(plan), 'network')}, loss {loss}, at most {epochs}")
    say(f"  methods  {', '.join(method.name for method, _ in prepared.methods)}")
    for name, arm, _ in arms:
        learn = f"{counted(len(arm.plan.splits[0].train), 'row')} to learn from"
        say(f"  arm      {name}: {arm.network.name}, {counted(len(arm.plan), 'network')}, {learn}")
    for note in data.notes:
        say(f"  note: {note}")
    for warning in data.warnings:
        say(f"  warning: {warning}")


@program.command(context_settings=CONTEXT)
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--recompute",
    type=click.IntRange(min=1),
    metavar="K",
    help="Also train K stacks of networks again, drawn by chance, and compare every bit.",
)
def verify(run: Path, recompute: int | None) -> int:
    """Check that a run directory is still what the run left; changes nothing.

    Every result file is hashed again and compared with run.json, and so is everything in the ledger; so are
    the arms of the run.

    \b
    Exit code: 0 all of it is as it was, 3 something is not.
    """
    from deepfeat.runs.paths import RunPaths  # noqa: PLC0415 - commands import what they need
    from deepfeat.runs.verify import verify as verified  # noqa: PLC0415
    from deepfeat.writing.labels import counted  # noqa: PLC0415

    paths = RunPaths(run)
    faults = 0
    for one in (paths, *paths.arms()):
        found = verified(one)
        for fault in found.faults:
            say(fault)
        count = len(found.faults)
        state = counted(count, "fault") if count else "all as they were"
        say(f"{one.root}: {found}: {state}")
        faults += count
    different = _recomputed(paths, recompute) if recompute else 0
    return ExitCode.PARTIAL if faults or different else ExitCode.COMPLETE


def _recomputed(paths: "RunPaths", count: int) -> int:
    """How many stacks came out otherwise."""
    import random  # noqa: PLC0415

    from deepfeat.nets import device  # noqa: PLC0415
    from deepfeat.runs.again import prepared_again  # noqa: PLC0415

    prepared = prepared_again(paths)
    device.prepare()
    from deepfeat.runs.ledger.ledger import Ledger  # noqa: PLC0415
    from deepfeat.runs.recompute import recompute  # noqa: PLC0415 - needs TensorFlow, and that to be prepared

    different = 0
    for stack in recompute(prepared, Ledger(paths.ledger, mend=False), count, random.Random()):  # noqa: S311
        say(str(stack))
        different += stack.same is False
    return different


program.add_command(starting.init)
program.add_command(starting.demo)
program.add_command(cluster.worker)
program.add_command(cluster.submit)
program.add_command(layers.features)
program.add_command(plugged.methods)
program.add_command(plugged.schema)
