"""Training stacks of a run again, from what the ledger says of them, to see whether the same comes out."""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from deepfeat.ensemble import fit_stack
from deepfeat.nets.network import Network
from deepfeat.runs.fitting import LOSSES, PLAN, WEIGHTS, stack_files
from deepfeat.runs.ledger.differences import changes
from deepfeat.runs.ledger.keys import data_sha256, training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.packing import from_npz, plan_of, training_result
from deepfeat.runs.ledger.records import Record
from deepfeat.runs.prepare import Prepared
from deepfeat.runs.provenance import instruction_sets
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer
from deepfeat.writing.labels import counted


@dataclass(frozen=True)
class Recomputed:
    """One stack, trained again.

    Attributes:
        record: its record.
        same: whether weights, losses and scores are the same to the bit; None where it was not trained.
        why: what is different, or why it could not be trained.
    """

    record: Record
    same: bool | None
    why: str = ""

    def __str__(self) -> str:
        """One line."""
        state = {True: "the same to the bit", False: "DIFFERENT", None: "not trained again"}[self.same]
        reason = f" ({self.why})" if self.why else ""
        return f"{self.record.name}, {counted(len(self.record.keys), 'network')}: {state}{reason}"


def recompute(prepared: Prepared, ledger: Ledger, count: int, chance: random.Random) -> Iterator[Recomputed]:
    """Train stacks drawn by chance again.

    Args:
        prepared: the experiment of the run.
        ledger: of the run.
        count: how many stacks; all where there are fewer.
        chance: draws them.

    Yields:
        One stack after another.
    """
    stacks = [record for record in ledger.records() if record.kind == "members"]
    for record in chance.sample(stacks, min(count, len(stacks))):
        yield _again(prepared, ledger, record)


def _again(prepared: Prepared, ledger: Ledger, record: Record) -> Recomputed:
    if record.work["data"] != data_sha256(prepared.data):
        return Recomputed(record, None, "its table is not that of the experiment")
    network = _network(prepared, record)
    if network is None:
        return Recomputed(record, None, "its network belongs to a method alone")
    settings = TrainingSettings.model_validate(record.work["training"])
    work = training_work(prepared.data, network, settings)
    if differences := changes(record.work, work):
        return Recomputed(record, None, f"changed since: {', '.join(differences)}")
    try:
        plan = plan_of(from_npz(ledger.objects.read(record.files[PLAN])))
    except (OSError, ValueError) as error:
        return Recomputed(record, None, str(error))
    ensemble = fit_stack(plan, Trainer(prepared.data, network, settings, memory=prepared.memory))
    files = {name: hashlib.sha256(content).hexdigest() for name, content in stack_files(ensemble).items()}
    found = [name for name in (WEIGHTS, LOSSES) if files[name] != record.files[name]]
    if [training_result(member) for member in ensemble.records] != list(record.results):
        found.append("scores")
    if not found:
        return Recomputed(record, same=True)
    other = "" if record.made["instruction_sets"] == instruction_sets() else ", on another kind of processor"
    return Recomputed(record, same=False, why=", ".join(found) + other)


def _network(prepared: Prepared, record: Record) -> Network | None:
    """The network of a stack; None where it cannot be made from its description."""
    described = dict(record.work["network"])
    kind = prepared.registry.networks.get(described.pop("preset", ""))
    if kind is None:
        return None
    try:
        return kind(kind.Params.model_validate_json(json.dumps(described)))
    except ValidationError:
        return None
