"""`deepfeat worker` and `deepfeat submit`: where a run has its work done by a cluster."""

import os
import time
from contextlib import suppress
from pathlib import Path

import click

from deepfeat.commands.common import CONTEXT, EXPERIMENT, SETTINGS, experiment_and_overrides, run_paths, say


@click.command(context_settings=CONTEXT)
@click.option(
    "--scheduler-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file in which `deepfeat run` says where its scheduler is; it need not exist yet.",
)
@click.option("--address", help="The scheduler itself, such as tcp://10.0.0.1:8786.")
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    help="Workers to start, of one thread each [default: one per core that this job may use].",
)
@click.option("--memory", help="Memory of each, such as 4 GiB [default: an equal share of what is free].")
@click.option(
    "--lifetime",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Leave after so long; choose less than the wall time of the job [default: in a job of Slurm, a "
    "minute less than it has].",
)
@click.option(
    "--wait", type=click.FloatRange(min=1), default=600, show_default=True, help="Seconds to wait for it."
)
@click.option("--host", help="Address of this machine at which the others reach it [default: the system's].")
@click.option(
    "--run",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of the run whose end decides on the exit code [default: the one worked for].",
)
@click.option("--tls-ca", help="Certificate of the authority, where traffic is encrypted.")
@click.option("--tls-certificate", help="Certificate of this worker.")
@click.option("--tls-key", help="Its private key.")
def worker(
    *,
    scheduler_file: Path | None,
    address: str | None,
    processes: int | None,
    memory: str | None,
    lifetime: float | None,
    wait: float,
    host: str | None,
    run: Path | None,
    tls_ca: str | None,
    tls_certificate: str | None,
    tls_key: str | None,
) -> int:
    """Work for a run that `deepfeat run` has started elsewhere, and leave when it is over.

    All must see the directory of results under the same path, and have the same deepfeat installed.

    \b
    Exit code: 0 the run is complete, 2 wrong input, 75 it is not complete (the
    scheduler was lost, the lifetime is over, a signal came).
    """
    from pydantic import ValidationError  # noqa: PLC0415 - commands import what they need

    from deepfeat.config import explain  # noqa: PLC0415
    from deepfeat.config.engine import DaskConfig  # noqa: PLC0415
    from deepfeat.runs.engines.worker import Work, lifetime_left, work  # noqa: PLC0415

    if (scheduler_file is None) == (address is None):
        raise click.UsageError("give either --scheduler-file or --address")
    tls = {"ca": tls_ca, "certificate": tls_certificate, "key": tls_key}
    if any(tls.values()) and not all(tls.values()):
        raise click.UsageError("--tls-ca, --tls-certificate and --tls-key go together")
    settings = {
        "address": address,
        "scheduler_file": scheduler_file and str(scheduler_file),
        "memory": memory,
        "wait": wait,
        "tls": tls if all(tls.values()) else None,
    }
    try:
        cluster = DaskConfig.model_validate(settings)
    except ValidationError as error:
        problems = [f"{path[0]}: {why}" for path, why in explain(error, DaskConfig, settings)]
        raise click.UsageError("; ".join(problems)) from error
    name = None if host is None else _host(host)
    left = lifetime if lifetime is not None else lifetime_left(os.environ, time.time())
    wanted = Work(cluster, processes or len(os.sched_getaffinity(0)), left, name, run)
    return work(wanted, lambda line: say(line, err=True))


def _host(text: str) -> str:
    """A host as addresses have it: one of IPv6 in brackets."""
    from deepfeat.config.endpoint import parse_endpoint  # noqa: PLC0415 - commands import what they need

    with suppress(ValueError):
        host, port = parse_endpoint(text)
        if not port:
            return host
    raise click.BadParameter(f"found {text}; write a name or an address, with no port", param_hint="--host")


@click.group(context_settings=CONTEXT)
def submit() -> None:
    """Hand an experiment to a batch system."""


@submit.command(context_settings=CONTEXT)
@EXPERIMENT
@SETTINGS
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=4,
    show_default=True,
    help="Tasks of the array that work for the run, besides one worker of the head's own.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where results go, seen by all nodes [default: $OUTPUT_DIR, else ExpOutput].",
)
@click.option(
    "--image",
    type=click.Path(dir_okay=False, path_type=Path),
    help="An Apptainer image to run in [default: the environment in which this command runs].",
)
@click.option(
    "--script",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A changed copy of cluster/slurm.sh [default: the shipped one].",
)
@click.option(
    "--sbatch",
    "options",
    multiple=True,
    metavar="OPTION",
    help="An option of sbatch for both jobs, such as --sbatch=--time=08:00:00; may be given several times.",
)
@click.option(
    "--tls",
    nargs=3,
    metavar="CA CERTIFICATE KEY",
    type=click.Path(dir_okay=False),
    help="Encrypt what jobs say to each other.",
)
@click.option("--dry-run", is_flag=True, help="Only print the script and the commands.")
@click.option("--no-follow", is_flag=True, help="Do not wait for the end.")
def slurm(
    *,
    experiment: str,
    settings: tuple[str, ...],
    workers: int,
    output: Path | None,
    image: Path | None,
    script: Path | None,
    options: tuple[str, ...],
    tls: tuple[str, ...] | None,
    dry_run: bool,
    no_follow: bool,
) -> int:
    """Submit a run to Slurm, and show its progress until it is over.

    One job runs the experiment, and an array of jobs works for it. Ctrl-C leaves the jobs alone; the same
    command again shows the progress of a run that is submitted, and submits one that is not.

    \b
    Exit code: that of the run; 75 if its job ended before it was complete, 2 if
    Slurm refuses.
    """
    import shlex  # noqa: PLC0415 - commands import what they need

    from deepfeat.config import load_experiment  # noqa: PLC0415
    from deepfeat.errors import ExitCode  # noqa: PLC0415
    from deepfeat.runs.engines import slurm as queue  # noqa: PLC0415

    file, overrides = experiment_and_overrides(experiment, settings)
    paths = run_paths(load_experiment(file, overrides), output)
    wish = queue.Wish(file, overrides, paths, workers, image, script or queue.SCRIPT, options, tls or ())
    if dry_run:
        click.echo(queue.filled_in(queue.read_script(wish.script), queue.settings(wish)))
        for command in queue.commands(wish):
            click.echo(f"# {shlex.join(command)}")
        return ExitCode.COMPLETE
    known = queue.submitted(paths)
    jobs = known or queue.submit(wish)
    say(
        f"{'submitted before' if known else 'submitted'}: job {jobs.head} runs the experiment, "
        f"{jobs.workers} works for it; what they print is in {jobs.output.parent}"
    )
    if no_follow:
        return ExitCode.COMPLETE
    try:
        return queue.follow(jobs, paths, click.echo)
    except KeyboardInterrupt:
        click.echo()
        say(f"The jobs go on; the same command shows their progress, and scancel {jobs.head} ends them.")
        return ExitCode.COMPLETE
