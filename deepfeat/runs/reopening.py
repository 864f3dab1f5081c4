"""The networks of an earlier run, from its ledger."""

from pathlib import Path

from deepfeat.ensemble import Ensemble
from deepfeat.errors import InputError, Problem
from deepfeat.runs.again import loaded_again, prepared_again
from deepfeat.runs.fitting import LedgerFit
from deepfeat.runs.ledger.keys import training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.paths import RunPaths
from deepfeat.training.trainer import Trainer
from deepfeat.writing.csvfiles import read_table


def reopened(paths: RunPaths, data_sha256: str, data: Path | None = None) -> Ensemble:
    """All members of a finished run; trains nothing.

    Args:
        paths: the run.
        data_sha256: digest of the table that it was carried out on.
        data: where the table is now; by default where the experiment says.

    Raises:
        InputError: the table is not there or not the same, a member is missing, or a plugin lies in the run
            directory.
    """
    overrides = [] if data is None else [_elsewhere(paths, data)]
    prepared = prepared_again(paths, overrides)
    if prepared.data.sha256 != data_sha256:
        reason = "not the table that the networks were trained on; name that one with load_run(..., data=...)"
        raise InputError(Problem(prepared.data.name, 0, 0, reason))
    trainer = Trainer(prepared.data, prepared.network, prepared.settings, memory=prepared.memory)
    fit = LedgerFit(Ledger(paths.ledger))
    # of `training.models: auto` as many as were trained
    members = len(read_table(paths.members, text=["failure"]))
    if members > len(prepared.plan):
        reason = f"tells of {members} networks, and the experiment of {len(prepared.plan)}; run it again"
        raise InputError(Problem(str(paths.members), 0, 0, reason))
    plan = prepared.plan.select(range(members))
    missing = fit.missing(plan, training_work(prepared.data, prepared.network, prepared.settings))
    if missing:
        reason = f"has {len(missing)} of {len(plan)} networks no more; run the experiment again"
        raise InputError(Problem(str(paths.ledger), 0, 0, reason))
    return fit(plan, trainer)


def _elsewhere(paths: RunPaths, data: Path) -> str:
    """The setting that says where the data are now."""
    images = loaded_again(paths).experiment.data.images
    return f"{'data.path' if images is None else 'data.images.path'}={data.resolve()}"
