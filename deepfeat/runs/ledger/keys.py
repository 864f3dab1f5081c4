"""The names of results: digests of everything that determines them, and of nothing else.

A key has two parts. `work` is what many results have in common (the table, the network, the settings, the
code); it is stored with them in full, so that one can tell why a result cannot be used any more. The other
part is what sets one result apart: a member's own rows and seed, or the members that a method is asked about.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import digested
from deepfeat.data.digest import specimens_sha256
from deepfeat.methods.method import MethodParams
from deepfeat.methods.registry import MethodInfo
from deepfeat.nets.network import Network
from deepfeat.runs.ledger.code import ASKING, NUMERIC, TRAINING, code_version, source_version, versions
from deepfeat.runs.provenance import digest
from deepfeat.training.plan import FitPlan
from deepfeat.training.settings import TrainingSettings

Work = dict[str, Any]


def entries(plan: FitPlan) -> list[str]:
    """The digest of what each member of a plan is trained on: its seed, rows, mask, penalty and own targets.

    The plan's name is not in it: equal members of plans with different names are the same member.
    """
    known: dict[int, str] = {}

    def sha256(array: NDArray[Any], kind: str) -> str:
        # Members often share their rows: then the very same array is hashed once.
        if id(array) not in known:
            known[id(array)] = hashlib.sha256(np.ascontiguousarray(array, dtype=kind).data).hexdigest()
        return known[id(array)]

    described = []
    for member, (seed, split) in enumerate(zip(plan.seeds, plan.splits, strict=True)):
        own = None if plan.targets is None else plan.targets[member]
        described.append(
            digest(
                {
                    "seed": int(seed),
                    "train": sha256(split.train, "<i8"),
                    "valid": sha256(split.valid, "<i8"),
                    "held_out": sha256(split.held_out, "<i8"),
                    "mask": hashlib.sha256(np.packbits(plan.mask[member]).tobytes()).hexdigest(),
                    "penalty": float(plan.penalty[member]).hex(),
                    "targets": None
                    if own is None
                    else hashlib.sha256(np.ascontiguousarray(own, dtype="<f4").data).hexdigest(),
                }
            )
        )
    return described


def training_work(data: Dataset, network: Network, settings: TrainingSettings) -> Work:
    """What all members have in common that are trained on one table, with one network, in one way."""
    return {
        "data": data_sha256(data),
        "network": network.describe(),
        "network_source": source_version(type(network)),
        # How rows are shared out is settled by the plan.
        "training": settings.model_dump(mode="json", exclude={"split"}),
        "code": code_version(TRAINING),
        "libraries": versions(NUMERIC),
    }


def member_keys(plan: FitPlan, work: Work) -> list[str]:
    """The key of every member of a plan.

    Args:
        plan: the members.
        work: from `training_work`.
    """
    shared = digest(work)
    return [digest({"work": shared, "member": entry}) for entry in entries(plan)]


def asking_work(
    info: MethodInfo,
    params: MethodParams,
    data: Dataset,
    seed: int,
    *,
    training: Mapping[str, Any] | None = None,
    others: Mapping[str, str] | None = None,
) -> Work:
    """What the answers of one method have in common, whichever members it is asked about.

    Args:
        info: the method, and the file it comes from.
        params: its parameters.
        data: the table.
        seed: of the experiment.
        training: how the experiment trains, for a method that trains networks itself.
        others: for a method that is asked after others, the keys of their answers by name.
    """
    return {
        "method": info.name,
        "params": params.model_dump(mode="json"),
        "plugin": info.sha256 or f"{info.source} {info.version}",
        "seed": seed,
        "data": data_sha256(data),
        **({} if data.images is None else {"specimens": specimens_sha256(data.images)}),
        "training": dict(training or {}),
        "others": dict(others or {}),
        "code": code_version(ASKING),
        "libraries": versions(),
    }


def answer_key(work: Work, members: Sequence[str]) -> str:
    """The key of a method's answer about some members.

    Args:
        work: from `asking_work`.
        members: their keys, in order.
    """
    return digest({"work": digest(work), "members": list(members)})


def data_sha256(data: Dataset) -> str:
    """The digest of a table; computed where it was made without one."""
    return data.sha256 or digested(data).sha256
