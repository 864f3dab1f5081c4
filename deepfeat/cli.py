"""The command line: one thin function per command. Imports nothing heavy."""

import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepfeat.commands import cluster, starting
from deepfeat.commands import features as layers
from deepfeat.commands import methods as plugged
from deepfeat.commands.common import CONTEXT, EXPERIMENT, SETTINGS, experiment_and_overrides, run_paths, say
from deepfeat.errors import DeepfeatError, ExitCode, is_lack_of_memory
from deepfeat.visible import on_own_lines

if TYPE_CHECKING:
    from deepfeat.config import LoggingConfig
    from deepfeat.runs.console import RunConsole
    from deepfeat.runs.engines.local import Engine
    from deepfeat.runs.paths import RunPaths
    from deepfeat.runs.prepare import Prepared

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


@program.command(context_settings=CONTEXT)
@EXPERIMENT
@SETTINGS
@click.option(
    "-m", "--models", type=click.IntRange(min=1), help="How many networks; short for training.models=N."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where results go [default: $OUTPUT_DIR, else ExpOutput].",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only say what would be computed, what it takes, and what is there already.",
)
@click.option("--fresh", is_flag=True, help="Start over: use nothing of what is there already.")
@click.option(
    "--engine",
    metavar="local|dask|ADDRESS",
    help="Who does the work: this process, workers started on this machine, or those of the scheduler at "
    "an address such as tcp://10.0.0.1:8786.",
)
@click.option(
    "--scheduler-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Join the cluster whose scheduler has written this file.",
)
@click.option(
    "--shard",
    metavar="I/N",
    is_flag=False,
    flag_value="",
    help="Only compute share I of N; any later run collects. Without I/N as a job array of Slurm says.",
)
def run(
    *,
    experiment: str,
    settings: tuple[str, ...],
    models: int | None,
    output: Path | None,
    dry_run: bool,
    fresh: bool,
    engine: str | None,
    scheduler_file: Path | None,
    shard: str | None,
) -> int:
    """Train the networks, ask the methods, and write the ranking.

    EXPERIMENT is the experiment file [default: experiment.yml]. Any setting of it can be overruled, as in

    \b
      deepfeat run experiment.yml training.models=20 network.preset=ashraf-2021
      deepfeat run --models 3 --output /tmp/out

    Results go to OUTPUT/<name>/: report.html, ranking.csv, methods/, models.csv, models/, figures/,
    run.json. The same command again goes on where it was stopped; what is computed is used again, also by
    a changed experiment as far as the change does not concern it. Exit code: 0 complete, 2 wrong input
    (nothing is written), 3 finished but a network or method failed, 75 stopped by a signal or Ctrl-C, to be
    continued.
    """
    from deepfeat.runs.interrupts import Interrupted, end_children, hurry, interruptible, settle  # noqa: PLC0415

    file, overrides = experiment_and_overrides(experiment, settings)
    if models is not None:
        overrides.append(f"training.models={models}")
    overrides = [*_engine(engine, scheduler_file), *overrides]
    try:
        with interruptible(_interrupted):
            if dry_run:
                return _dry_run(file, overrides, output)
            if shard is not None:
                if fresh:
                    raise click.UsageError("--fresh would forget what other shards have computed")
                return _shard(file, overrides, output, shard)
            code = _run(file, overrides, output, fresh=fresh)
    except Interrupted as stop:
        end_children()
        click.echo(_interrupted(stop.name), err=True, nl=False)
        code = ExitCode.INTERRUPTED
        hurry(code)
    settle(code)
    return code


def _run(experiment: Path, overrides: list[str], output: Path | None, *, fresh: bool) -> int:
    from deepfeat.runs.console import RunConsole  # noqa: PLC0415 - commands import what they need
    from deepfeat.runs.identity import is_done  # noqa: PLC0415
    from deepfeat.runs.lease import refuse_if_held  # noqa: PLC0415
    from deepfeat.runs.prepare import prepare, prepare_arms  # noqa: PLC0415

    console = RunConsole()
    paths = run_paths(experiment, overrides, output)
    refuse_if_held(paths.root, paths.ledger)
    prepared = prepare(experiment, overrides, paths.scratch)
    runs = _with_arms(prepared, prepare_arms(experiment, overrides, prepared, paths.scratch), paths)
    if not fresh and all(is_done(one, own) for _, one, own in runs):
        from deepfeat.report.retold import retell  # noqa: PLC0415

        code = ExitCode.COMPLETE
        retell(paths.root, console)
    else:
        code = _carry_out_all(runs, console, fresh=fresh)
    if paths.ranking.exists():
        code = max(code, _tracked(paths.root, prepared.loaded.experiment.logging, console))
    console.finished(paths)
    if paths.report.exists():
        console.show(f"Open {paths.report}")
    return code


def _with_arms(
    prepared: "Prepared", arms: Mapping[str, "Prepared"], paths: "RunPaths"
) -> list[tuple[str, "Prepared", "RunPaths"]]:
    """Every run of an experiment: its arm's name, what to do, and where.

    The experiment itself has no name and comes last, because its page tells of the others too.
    """
    return [*((name, arm, paths.arm(name)) for name, arm in arms.items()), ("", prepared, paths)]


def _carry_out_all(
    runs: "Sequence[tuple[str, Prepared, RunPaths]]", console: "RunConsole", *, fresh: bool
) -> ExitCode:
    """The arms of an experiment, and it itself."""
    from deepfeat.writing.atomic import make_directory  # noqa: PLC0415 - commands import what they need

    _, prepared, paths = runs[-1]
    if prepared.loaded.experiment.limits.isolation:
        from deepfeat.runs.workers import client  # noqa: PLC0415

        client.begin()  # both load TensorFlow at the same time
    if len(runs) > 1:
        make_directory(paths.ledger)  # before the arms look for it: they share it
    code = ExitCode.COMPLETE
    for _, one, own in runs:
        code = max(code, _carry_out(one, own, console, fresh=fresh))
        fresh = False  # what was forgotten once is computed once
    return code


def _carry_out(prepared: "Prepared", paths: "RunPaths", console: "RunConsole", *, fresh: bool) -> ExitCode:
    """One run, and its page."""
    from deepfeat.report.page import write_report  # noqa: PLC0415 - commands import what they need

    def present() -> None:
        if paths.ranking.exists():
            write_report(paths.root)

    with _engine_of(prepared, paths, console) as engine:
        from deepfeat.runs.runner import run as carry_out  # noqa: PLC0415 - needs TensorFlow, and that to be prepared

        return carry_out(prepared, paths, console, engine=engine, fresh=fresh, present=present)


def _shard(experiment: Path, overrides: list[str], output: Path | None, text: str) -> int:
    from deepfeat.nets import device  # noqa: PLC0415
    from deepfeat.runs.console import RunConsole  # noqa: PLC0415 - commands import what they need
    from deepfeat.runs.prepare import prepare, prepare_arms  # noqa: PLC0415
    from deepfeat.writing.atomic import make_directory  # noqa: PLC0415

    paths = run_paths(experiment, overrides, output)
    prepared = prepare(experiment, overrides, paths.scratch)
    arms = prepare_arms(experiment, overrides, prepared, paths.scratch)
    device.prepare()
    from deepfeat.runs.runner import make_trainer  # noqa: PLC0415 - needs TensorFlow, and that to be prepared
    from deepfeat.runs.shard import read_shard, run_shard  # noqa: PLC0415 - as above

    shard, console = read_shard(text, os.environ), RunConsole()
    make_directory(paths.ledger)
    return max(
        run_shard(one, make_trainer(one), own, console, shard)
        for _, one, own in _with_arms(prepared, arms, paths)
    )


@contextmanager
def _engine_of(prepared: "Prepared", paths: "RunPaths", console: "RunConsole") -> Iterator["Engine | None"]:
    """The engine that the experiment names, with TensorFlow loaded; None for this process itself."""
    from deepfeat.nets import device  # noqa: PLC0415

    config = prepared.loaded.experiment.engine.dask
    if config is None:
        device.prepare()
        yield None
        return
    from deepfeat.runs.engines.cluster import connected  # noqa: PLC0415 - no other engine needs dask

    with connected(
        config, console
    ) as connection:  # workers and this process load TensorFlow at the same time
        device.prepare()
        from deepfeat.runs.engines.dask import DaskEngine  # noqa: PLC0415 - needs TensorFlow
        from deepfeat.runs.engines.notes import Notes  # noqa: PLC0415 - as above

        yield DaskEngine(connection, config, prepared, Notes(paths.ledger))


def _engine(engine: str | None, scheduler_file: Path | None) -> list[str]:
    """The overrides that the options for the engine stand for."""
    if engine is not None and "://" in engine:
        return [f"engine={json.dumps({'dask': {'address': engine}})}"]
    overrides = [] if engine is None else [f"engine={engine}"]
    if scheduler_file is not None:
        return [*overrides, f"engine.dask.scheduler_file={json.dumps(str(scheduler_file))}"]
    return overrides


def _dry_run(experiment: Path, overrides: list[str], output: Path | None) -> int:
    from deepfeat.runs.prepare import prepare, prepare_arms  # noqa: PLC0415

    paths = run_paths(experiment, overrides, output)
    prepared = prepare(experiment, overrides, paths.scratch)
    arms = prepare_arms(experiment, overrides, prepared, paths.scratch)
    from deepfeat.nets import device  # noqa: PLC0415

    device.prepare()
    from deepfeat.runs.dryrun import dry_run  # noqa: PLC0415 - both need TensorFlow, and that to be prepared
    from deepfeat.runs.forecast import Forecast  # noqa: PLC0415

    say(f"{experiment}: results would go to {paths.root}; nothing is computed or written now")
    for name, one, own in _with_arms(prepared, arms, paths):
        if name:
            say(f"  arm {name}:")
        for step in dry_run(one, own, Forecast(one)):
            for line in f"  {'  ' if name else ''}{step}".splitlines():
                say(line)
    return ExitCode.COMPLETE


def _interrupted(signal: str) -> str:
    from deepfeat.runs.interrupts import resume_command  # noqa: PLC0415

    return (
        f"Interrupted by {signal}. What was finished is kept; to go on, type:\n  {resume_command(sys.argv)}\n"
    )


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
    from deepfeat.runs.prepare import prepare, prepare_arms  # noqa: PLC0415
    from deepfeat.writing.labels import counted  # noqa: PLC0415

    file, overrides = experiment_and_overrides(experiment, settings)
    scratch = run_paths(file, overrides, None).scratch
    prepared = prepare(file, overrides, scratch)
    arms = prepare_arms(file, overrides, prepared, scratch)
    data, plan = prepared.data, prepared.plan
    say(f"{file}: valid")
    size = f"{counted(data.n_rows, 'row')}, {counted(data.n_features, 'feature')}"
    say(f"  data     {data.name}: {size}, {data.task}")
    say(f"  network  {prepared.network.name}")
    loss, epochs = prepared.settings.loss, counted(prepared.settings.epochs, "epoch")
    click.echo(f"  training {counted(len(plan), 'network')}, loss {loss}, at most {epochs}")
    say(f"  methods  {', '.join(method.name for method, _ in prepared.methods)}")
    for name, arm in arms.items():
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


def _tracked(root: Path, trackers: "LoggingConfig", console: "RunConsole") -> ExitCode:
    """Hand the run to the trackers that the experiment names; one that fails does not undo the results."""
    if not trackers.mlflow and not trackers.tensorboard:
        return ExitCode.COMPLETE
    from deepfeat.interop.tracking import track, without_passwords  # noqa: PLC0415

    try:
        track(root, trackers)
    except Exception as error:  # noqa: BLE001 - libraries and servers of others
        told = without_passwords(f"{type(error).__name__}: {error}")
        console.warning(
            f"the results are complete, but logging them failed: {told}; the same command tries again"
        )
        return ExitCode.PARTIAL
    return ExitCode.COMPLETE


program.add_command(starting.init)
program.add_command(starting.demo)
program.add_command(cluster.worker)
program.add_command(cluster.submit)
program.add_command(layers.features)
program.add_command(plugged.methods)
program.add_command(plugged.schema)
