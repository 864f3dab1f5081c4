"""loco_refit: how much worse networks do on new rows when they are trained without a feature."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    FitPlan,
    Importance,
    Method,
    MethodError,
    RetrainingParams,
    correlated_clusters,
    network_losses,
    only_rows,
    refuse_too_many,
    retrained_losses,
    screened,
)

Floats = NDArray[np.float64]
Unit = tuple[int, ...]


class LocoRefit(Method):
    """Rise of the loss on held-out rows when the networks are trained again without a feature.

    Leave-one-covariate-out: every network is trained with all features and without each of them, from the
    same seed and on the same rows, so that the feature is all that differs; all of these networks are one
    plan. Without a feature others take its place: what remains is what only this feature tells. Features that
    stand in for each other can be left out together, as groups; then the rise of a group is shared equally
    among its features. Where no feature is left, the mean of the training rows answers. Probabilities are
    calibrated with the validation rows of each network before they are judged.
    """

    name = "loco_refit"
    kind = "experiment"
    cost = Cost.REFITS
    paper = (
        'Lei et al. 2018, "Distribution-free predictive inference for regression", JASA 113; '
        'Williamson et al. 2021, "Nonparametric variable importance assessment using machine learning '
        'techniques", Biometrics 77'
    )
    sees = "what a feature tells that the others, trained without it, cannot make up for"
    blind_to = "each of two features that tell the same, unless they are left out as a group"
    trust = (
        "when the networks predict well and correlated features are left out as groups; its unit is the "
        "loss on new rows"
    )
    removes = "left out: networks are trained again without it, on the same rows"

    class Params(RetrainingParams):
        """What the experiment file can set."""

        groups: Literal["none", "correlated"] | tuple[tuple[str, ...], ...] = Field(
            "none",
            description="features that are left out together: none, those that are correlated, or lists of "
            "names",
        )
        correlation: float = Field(
            0.8,
            gt=0,
            le=1,
            description="least mean absolute correlation of features that count as correlated",
        )

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """Every network without each feature, and with all of them where the main one cannot stand for it."""
        return min(self.params.seeds, members) * (self.params.features(data) + self._anew)

    @property
    def _anew(self) -> bool:
        """Whether the networks of the main ensemble were trained in another way, or on other rows."""
        return bool(self.params.training or self.params.screen)

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Trains seeds x features networks as one plan."""
        refuse_too_many(self.fits(data, len(ensemble)), self.params, ensemble)
        screening = screened(data, self.params, context)
        units = self._units(data, screening.kept)
        seeds = np.arange(min(self.params.seeds, len(ensemble)))
        plan = only_rows(ensemble.plan.select(seeds), screening.rows, data.n_rows)
        plan = replace(plan, name=self.name, mask=plan.mask & screening.kept)
        left_out = ([()] if self._anew else []) + units
        losses = self._losses(context, data, plan, left_out)
        if not self._anew:
            known = network_losses(ensemble.select(seeds), data, self.params)
            losses = np.vstack([[own.unseen for own in known], losses])
        stands = np.isfinite(losses).all(axis=0)
        if not stands.any():
            raise MethodError("a training failed for every seed; use a smaller training.learning_rate")
        rise = (losses[1:] - losses[0])[:, stands]
        scores = np.zeros((rise.shape[1], data.n_features))
        for unit, own in zip(units, rise, strict=True):
            scores[:, unit] = own[:, None] / len(unit)
        names = [" + ".join(data.feature_names[feature] for feature in unit) for unit in units]
        _write(context, names, losses[:, stands])
        return Importance(scores, notes=_notes(names, units, stands, screening.note))

    def _losses(self, context: Context, data: Dataset, plan: FitPlan, left_out: list[Unit]) -> Floats:
        """(left out, seeds) mean loss on held-out rows, or on validation rows where there are none."""
        members = len(plan)
        every = plan.select(np.tile(np.arange(members), len(left_out)))
        mask = every.mask.copy()
        for number, unit in enumerate(left_out):
            mask[number * members : (number + 1) * members, list(unit)] = False
        losses = retrained_losses(context, data, replace(every, mask=mask), self.params)
        return np.array([own.unseen for own in losses]).reshape(len(left_out), members)

    def _units(self, data: Dataset, kept: NDArray[np.bool_]) -> list[Unit]:
        """What is left out at a time; every kept feature is in one unit."""
        if self.params.groups == "none":
            groups = []
        elif self.params.groups == "correlated":
            groups = correlated_clusters(data, np.flatnonzero(kept), self.params.correlation)
        else:
            groups = self._named(data)
        units = [tuple(feature for feature in group if kept[feature]) for group in groups]
        taken = {feature for unit in units for feature in unit}
        alone = [(int(feature),) for feature in np.flatnonzero(kept) if feature not in taken]
        return sorted([unit for unit in units if unit] + alone)

    def _named(self, data: Dataset) -> list[Unit]:
        index = {name: number for number, name in enumerate(data.feature_names)}
        names = [name for group in self.params.groups for name in group]
        if unknown := [name for name in names if name not in index]:
            raise MethodError(f"groups name {unknown[0]!r}, which is no feature; correct the name")
        if len(set(names)) < len(names):
            raise MethodError("groups name a feature twice; leave it in one group")
        return [tuple(sorted(index[name] for name in group)) for group in self.params.groups]


def _notes(names: list[str], units: list[Unit], stands: NDArray[np.bool_], screening: str) -> tuple[str, ...]:
    notes = [f"{stands.sum()} networks on either side of every comparison; a row of scores for each."]
    if not stands.all():
        notes.append(f"{(~stands).sum()} seeds do not count, because a training of theirs failed.")
    together = [name for name, unit in zip(names, units, strict=True) if len(unit) > 1]
    if together:
        notes.append(f"Left out together, the rise shared equally: {'; '.join(together)}.")
    return (*notes, screening) if screening else tuple(notes)


def _write(context: Context, names: list[str], losses: Floats) -> None:
    """`left_out.csv`: loss with all and without each, and the rise with its deviation over the seeds."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - loads pandas

    rise = losses[1:] - losses[0]
    table: pd.DataFrame = pd.DataFrame(
        {
            "left_out": names,
            "loss_with": losses[0].mean(),
            "loss_without": losses[1:].mean(axis=1),
            "rise": rise.mean(axis=1),
            "rise_std": rise.std(axis=1),
            "seeds": rise.shape[1],
        }
    )
    write_table(context.artefact("left_out.csv"), table)
