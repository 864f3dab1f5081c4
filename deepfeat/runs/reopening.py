"""The networks of an earlier run, from its ledger."""

from pathlib import Path

from deepfeat.config import load_experiment
from deepfeat.ensemble import Ensemble
from deepfeat.errors import InputError, Problem
from deepfeat.runs import provenance
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.ledger.keys import training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import prepare
from deepfeat.training.trainer import Trainer
from deepfeat.writing.csvfiles import read_table


def reopened(paths: RunPaths, data_sha256: str, data: Path | None = None) -> Ensemble:
    """All members of a finished run; trains nothing.

    Args:
        paths: the run.
        data_sha256: digest of the table that it was carried out on.
        data: where the table is now; by default where the experiment says.

    Raises:
        InputError: the table is not there or not the same, or a member is missing.
    """
    overrides = [] if data is None else [_elsewhere(paths, data)]
    prepared = prepare(paths.experiment, overrides, folder=folder_of(paths))
    if prepared.data.sha256 != data_sha256:
        reason = "not the table that the networks were trained on; name that one with load_run(..., data=...)"
        raise InputError(Problem(prepared.data.name, 0, 0, reason))
    trainer = Trainer(prepared.data, prepared.network, prepared.settings, memory=prepared.memory)
    fit = LedgerFit(Ledger(paths.ledger))
    # of `training.models: auto` as many as were trained
    plan = prepared.plan.select(range(len(read_table(paths.members, text=["failure"]))))
    missing = fit.missing(plan, training_work(prepared.data, prepared.network, prepared.settings))
    if missing:
        reason = f"has {len(missing)} of {len(plan)} networks no more; run the experiment again"
        raise InputError(Problem(str(paths.ledger), 0, 0, reason))
    return fit(plan, trainer)


def folder_of(paths: RunPaths) -> Path | None:
    """Where the experiment file of a run was: paths in it are looked for there too."""
    folder = (provenance.earlier(paths.provenance) or {}).get("folder")
    return Path(folder) if folder else None


def _elsewhere(paths: RunPaths, data: Path) -> str:
    """The setting that says where the data are now."""
    images = load_experiment(paths.experiment, environ={}).experiment.data.images
    return f"{'data.path' if images is None else 'data.images.path'}={data.resolve()}"
