"""`deepfeat run`: carries an experiment out, or a share of it, or says what that would take."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deepfeat.commands.common import (
    CONTEXT,
    EXPERIMENT,
    SETTINGS,
    experiment_and_overrides,
    prepared_runs,
    run_paths,
    say,
)
from deepfeat.errors import ExitCode

if TYPE_CHECKING:
    from deepfeat.config import LoggingConfig
    from deepfeat.config.engine import DaskConfig
    from deepfeat.runs.console import RunConsole
    from deepfeat.runs.engines.dask import DaskEngine
    from deepfeat.runs.engines.local import Engine
    from deepfeat.runs.paths import RunPaths
    from deepfeat.runs.prepare import Prepared


@click.command(context_settings=CONTEXT)
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
    if shard is not None and fresh:
        raise click.UsageError("--fresh would forget what other shards have computed")
    with interruptible(_interrupted):
        try:
            if dry_run:
                code = _dry_run(file, overrides, output)
            elif shard is not None:
                code = _shard(file, overrides, output, shard)
            else:
                code = _run(file, overrides, output, fresh=fresh)
            settle(code)
        except Interrupted as stop:  # in here, where one more signal does not cut it short
            end_children()
            click.echo(_interrupted(stop.name), err=True, nl=False)
            code = ExitCode.INTERRUPTED
            settle(code)
            hurry(code)
    return code


def _run(experiment: Path, overrides: list[str], output: Path | None, *, fresh: bool) -> int:
    from deepfeat.config import load_experiment  # noqa: PLC0415 - commands import what they need
    from deepfeat.runs.console import RunConsole  # noqa: PLC0415
    from deepfeat.runs.identity import is_done  # noqa: PLC0415
    from deepfeat.runs.lease import refuse_if_held  # noqa: PLC0415

    console = RunConsole()
    loaded = load_experiment(experiment, overrides)
    paths = run_paths(loaded, output)
    refuse_if_held(paths.root, paths.ledger)
    runs = prepared_runs(loaded, overrides, paths)
    if not fresh and all(is_done(one, own) for _, one, own in runs):
        from deepfeat.report.retold import retell  # noqa: PLC0415

        code = ExitCode.COMPLETE
        retell(paths.root, console)
    else:
        code = _carry_out_all(runs, console, fresh=fresh)
    if paths.ranking.exists():
        code = max(code, _tracked(paths.root, loaded.experiment.logging, console))
    console.finished(paths)
    if paths.report.exists():
        console.show(f"Open {paths.report}")
    return code


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
    with _engines(console) as engine_of:
        for _, one, own in runs:
            code = max(code, _carry_out(one, own, console, engine_of(one, own), fresh=fresh))
            fresh = False  # what was forgotten once is computed once
    return code


def _carry_out(
    prepared: "Prepared", paths: "RunPaths", console: "RunConsole", engine: "Engine | None", *, fresh: bool
) -> ExitCode:
    """One run, and its page."""
    from deepfeat.report.page import write_report  # noqa: PLC0415 - commands import what they need

    def present() -> None:
        if paths.ranking.exists():
            write_report(paths.root)

    from deepfeat.runs.runner import run as carry_out  # noqa: PLC0415 - needs TensorFlow, and that to be prepared

    return carry_out(prepared, paths, console, engine=engine, fresh=fresh, present=present)


def _shard(experiment: Path, overrides: list[str], output: Path | None, text: str) -> int:
    from deepfeat.config import load_experiment  # noqa: PLC0415 - commands import what they need
    from deepfeat.nets import device  # noqa: PLC0415
    from deepfeat.runs.console import RunConsole  # noqa: PLC0415
    from deepfeat.writing.atomic import make_directory  # noqa: PLC0415

    loaded = load_experiment(experiment, overrides)
    paths = run_paths(loaded, output)
    runs = prepared_runs(loaded, overrides, paths)
    device.prepare()
    from deepfeat.runs.runner import make_trainer  # noqa: PLC0415 - needs TensorFlow, and that to be prepared
    from deepfeat.runs.shard import read_shard, run_shard  # noqa: PLC0415 - as above

    shard, console = read_shard(text, os.environ), RunConsole()
    make_directory(paths.ledger)
    return max(run_shard(one, make_trainer(one), own, console, shard) for _, one, own in runs)


@contextmanager
def _engines(console: "RunConsole") -> Iterator["Callable[[Prepared, RunPaths], Engine | None]"]:
    """What makes the engine that a run names, with TensorFlow loaded; None for this process itself.

    A cluster is there from the first run that names it until the last has ended: what ends between two arms
    takes the workers away from all that follow.
    """
    from deepfeat.nets import device  # noqa: PLC0415 - commands import what they need

    engines: dict[DaskConfig, DaskEngine] = {}
    with ExitStack() as clusters:

        def engine_of(prepared: "Prepared", paths: "RunPaths") -> "Engine | None":
            config = prepared.loaded.experiment.engine.dask
            if config is None:
                device.prepare()
                return None
            if config in engines:
                return engines[config].beside(prepared, paths.ledger)
            from deepfeat.runs.engines.cluster import connected  # noqa: PLC0415 - no other engine needs dask

            connection = clusters.enter_context(connected(config, console))
            device.prepare()  # at the same time as the workers
            from deepfeat.runs.engines.dask import DaskEngine  # noqa: PLC0415 - needs TensorFlow
            from deepfeat.runs.engines.notes import Notes  # noqa: PLC0415 - as above

            engines[config] = DaskEngine(connection, config, prepared, Notes(paths.ledger))
            return engines[config]

        yield engine_of


def _engine(engine: str | None, scheduler_file: Path | None) -> list[str]:
    """The overrides that the options for the engine stand for."""
    if engine is not None and "://" in engine:
        return [f"engine={json.dumps({'dask': {'address': engine}})}"]
    overrides = [] if engine is None else [f"engine={engine}"]
    if scheduler_file is not None:
        return [*overrides, f"engine.dask.scheduler_file={json.dumps(str(scheduler_file))}"]
    return overrides


def _dry_run(experiment: Path, overrides: list[str], output: Path | None) -> int:
    from deepfeat.config import load_experiment  # noqa: PLC0415 - commands import what they need
    from deepfeat.nets import device  # noqa: PLC0415

    loaded = load_experiment(experiment, overrides)
    paths = run_paths(loaded, output)
    runs = prepared_runs(loaded, overrides, paths)
    device.prepare()
    from deepfeat.runs.dryrun import dry_run  # noqa: PLC0415 - both need TensorFlow, and that to be prepared
    from deepfeat.runs.forecast import Forecast  # noqa: PLC0415

    say(f"{experiment}: results would go to {paths.root}; nothing is computed or written now")
    for name, one, own in runs:
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
