"""What a run is, before anything of it is computed; and whether it has been carried out already."""

from pathlib import Path
from typing import Any

from deepfeat.config import Experiment, LoggingConfig
from deepfeat.config.engine import EngineConfig
from deepfeat.runs import provenance
from deepfeat.runs.ledger.code import ASKING, code_version, package_sha256, source_version, versions
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import Prepared
from deepfeat.runs.verify import verify


def anywhere(experiment: Experiment) -> Experiment:
    """An experiment without its engine and its trackers, also those of its arms.

    Where it is computed and who is told are no part of it, its results are the same. And the address of a
    tracker may hold a password, which must not come into the results.
    """
    elsewhere = {"engine": EngineConfig(), "logging": LoggingConfig()}
    arms = {
        name: {key: value for key, value in settings.items() if key not in elsewhere}
        for name, settings in experiment.arms.items()
    }
    return experiment.model_copy(update={**elsewhere, "arms": arms})


def begun(prepared: Prepared) -> dict[str, Any]:
    """The content of `run.json` when a run begins; see `provenance.started`."""
    experiment, data = prepared.loaded.experiment, prepared.data
    infos = [prepared.registry.info[method.name] for method, _ in prepared.methods]
    record = provenance.started(
        experiment=experiment.name,
        experiment_sha256=provenance.digest(anywhere(experiment).model_dump(mode="json")),
        data=data.name,
        data_sha256=data.sha256,
        plugins={f"{info.name} ({info.source})": info.sha256 for info in infos},
        seed=experiment.seed,
        computed_by=provenance.digest([code_version(ASKING), versions()]),
    )
    record["written_by"] = provenance.digest([package_sha256(), source_version(type(prepared.network))])
    record["data"] |= {
        "rows": data.n_rows,
        "features": data.n_features,
        "task": data.task,
        "classes": list(data.classes),
        "notes": list(data.notes),
        "warnings": list(data.warnings),
    }
    record["folder"] = str(Path(prepared.loaded.source).resolve().parent)
    record["network"] = prepared.network.describe()
    record["training"] = prepared.settings.model_dump(mode="json")
    record["engine"] = experiment.engine.model_dump(mode="json")
    return record


def is_done(prepared: Prepared, paths: RunPaths) -> bool:
    """Whether this very run was carried out to its end, and is still what it left, to the byte.

    To carry it out once more would write the same again. The results and the ledger are hashed for that;
    nothing is changed, and TensorFlow is not loaded.

    Args:
        prepared: the experiment.
        paths: where its results are, or would be.
    """
    before = provenance.earlier(paths.provenance)
    if before is None or before.get("state") != provenance.ExitState.COMPLETE:
        return False
    now = begun(prepared)
    if not provenance.is_same_run(before, now) or before.get("written_by") != now["written_by"]:
        return False
    return not verify(paths).faults
