"""stepwise: which features networks need one after the other, by training them with every candidate."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

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
    Size,
    by_one_standard_error,
    cross_fitted,
    member_seed,
    refuse_too_many,
    retrained_losses,
    save_figure,
    screened,
    size_of,
)
from deepfeat.writing import canvas
from deepfeat.writing.labels import shortened

Floats = NDArray[np.float64]

# Names in a note; the width of an interval of 95 % in standard errors.
SHOWN, Z = 20, 1.96


class Stepwise(Method):
    """Forward or backward selection of features with the networks themselves, judged on rows of its own.

    At every step networks are trained with each candidate added (or left out), all of them as one plan, and
    the candidate with the least loss is taken. The rows are dealt into folds, and every fold has a path of
    its own: its networks learn from the other rows, candidates are compared on their validation rows, and
    the loss of the path is that of the fold's rows, which had no part in choosing the features. Over all
    folds every row is judged once, which gives the path its intervals. The number of features is the smallest
    whose loss is within one standard error of the least, or `k`; without `k` these very losses choose the
    number, and flatter it a little. Rows are dealt out at random, whatever the split method of the training.
    A feature scores by its place in the order, counted from that number; those beyond score 0. There is no
    p-value: one computed after such a search means nothing.
    """

    name = "stepwise"
    kind = "experiment"
    cost = Cost.REFITS
    paper = (
        'Efroymson 1960, "Multiple regression analysis"; the rule of one standard error: Breiman et al. '
        '1984, "Classification and regression trees"; judged on other rows: Varma & Simon 2006, "Bias in '
        'error estimation when using cross-validation for model selection", BMC Bioinformatics 7'
    )
    sees = "which few features suffice, and what each adds to those chosen before it"
    blind_to = (
        "forward: features that only matter together, of which neither helps alone (backward sees those); "
        "and what could have stood in for a chosen feature"
    )
    trust = (
        "when few features are wanted to predict with; the loss it ends with is of rows without part in "
        "choosing the features, but, without `k`, in choosing how many"
    )
    removes = "left out: networks are trained again on the features chosen so far"

    class Params(RetrainingParams):
        """What the experiment file can set."""

        direction: Literal["forward", "backward"] = Field(
            "forward", description="add features to none, or leave features out of all"
        )
        k: PositiveInt | None = Field(
            None, description="how many features to select; by default the rule of one standard error decides"
        )
        folds: int = Field(
            5, ge=2, description="parts of the rows, each with a path of its own; at most `seeds`"
        )
        # Most networks here do nothing but lose a comparison, so they wait less than those of the experiment.
        patience: PositiveInt | None = Field(
            20, description="epochs without a better validation loss; null: those of the experiment"
        )
        lookahead: PositiveInt = Field(
            3, description="steps without another decision of the rule after which it is believed"
        )

    params: Params

    def fits(self, data: Dataset, members: int) -> int:
        """All candidates of all steps that may be taken, times the seeds."""
        del members
        features = self.params.features(data)
        steps = min(self.params.k or features, features)
        if self.params.direction == "backward":
            # With one feature left there is nothing to train: without it, the mean answers.
            least = max(2, steps + 1) if self.params.k else 2
            return self.params.seeds * (1 + sum(range(least, features + 1)))
        return self.params.seeds * sum(features - step for step in range(steps))

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """A plan per step, until the end of the path."""
        chosen = self.params
        if chosen.seeds < chosen.folds:
            raise MethodError(f"{chosen.seeds} seeds cannot fill {chosen.folds} folds; take more seeds")
        refuse_too_many(self.fits(data, len(ensemble)), chosen, ensemble)
        screening = screened(data, chosen, context)
        seeds = [member_seed(context.seed, self.name, number) for number in range(chosen.seeds)]
        plan = cross_fitted(ensemble.plan, data, screening, seeds, chosen.folds, context.rng)
        path = _Path(chosen, replace(plan, name=self.name), data, context)
        features = int(screening.kept.sum())
        steps = _steps(chosen, features)
        while len(path.taken) < steps and not (chosen.k is None and path.settled()):
            path.step()
            context.progress(len(path.taken), steps)
        selected = path.sizes[-1] if chosen.k else by_one_standard_error(path.sizes)
        places = path.places()
        scores = np.zeros((chosen.folds, data.n_features))
        scores[:, screening.kept] = np.maximum(0, selected.features + 1 - places)
        order = np.argsort(places.mean(axis=0), kind="stable")
        names = [data.feature_names[feature] for feature in np.flatnonzero(screening.kept)[order]]
        _write_order(context, names, places[:, order], selected)
        _draw_path(context, names, path.sizes, selected)
        agreeing = int((places[:, order] <= selected.features)[:, : selected.features].all(axis=1).sum())
        notes = _notes(chosen, names, path.sizes, selected, agreeing)
        return Importance(scores, notes=(*notes, screening.note) if screening.note else notes)


def _steps(chosen: Stepwise.Params, features: int) -> int:
    """How many steps there are at most."""
    wanted = min(chosen.k or features, features)
    return features - wanted if chosen.k and chosen.direction == "backward" else wanted


class _Path:
    """The features chosen so far, fold by fold, and how well networks do with them.

    Args:
        chosen: the parameters.
        plan: the networks, with the features that may be chosen.
        data: the table.
        context: trains.

    Attributes:
        taken: a step at a time (folds,) which column was added or left out; columns are the features of the
            plan, in their order.
        sizes: a size at the beginning and after every step.
    """

    def __init__(self, chosen: Stepwise.Params, plan: FitPlan, data: Dataset, context: Context) -> None:
        self.chosen, self.plan, self.data, self.context = chosen, plan, data, context
        self.forward = chosen.direction == "forward"
        self.columns = np.flatnonzero(plan.mask[0])
        self.fold = np.arange(len(plan)) % chosen.folds
        # What the networks of each fold have, (folds, columns).
        self.inside = np.full((chosen.folds, len(self.columns)), not self.forward)
        # How each candidate of the last step did on validation rows, infinite where it was none.
        self.last = np.full(self.inside.shape, np.inf)
        self.taken: list[NDArray[np.int64]] = []
        self.sizes: list[Size] = []
        member = np.arange(len(plan))
        _, judged = self._losses(member, self.inside[self.fold])
        self._judge(member, judged)

    def settled(self) -> bool:
        """Whether the last steps have not changed the number of features that the rule decides for."""
        decided = [by_one_standard_error(self.sizes[:end]) for end in range(1, len(self.sizes) + 1)]
        recent = {size.features for size in decided[-self.chosen.lookahead - 1 :]}
        return len(self.sizes) > self.chosen.lookahead and len(recent) == 1

    def step(self) -> None:
        """Train with every candidate of every fold as one plan, and take the best of each fold."""
        # In every fold equally many features are still to be chosen.
        candidates = np.array([np.flatnonzero(row != self.forward) for row in self.inside])
        member = np.repeat(np.arange(len(self.plan)), candidates.shape[1])
        candidate = candidates[self.fold].reshape(-1)
        inside = self.inside[self.fold[member]]
        inside[np.arange(len(member)), candidate] = self.forward
        valid, judged = self._losses(member, inside)
        self.last = np.full(self.inside.shape, np.inf)
        for fold, own in enumerate(candidates):
            mine = valid[self.fold[member] == fold].reshape(-1, len(own))
            stands = np.isfinite(mine)
            total = np.where(stands, mine, 0).sum(axis=0)
            self.last[fold, own] = np.where(
                stands.any(axis=0), total / np.maximum(1, stands.sum(axis=0)), np.inf
            )
        best = self.last.argmin(axis=1)
        if not np.isfinite(self.last.min(axis=1)).all():
            raise MethodError("every training of a step failed; use a smaller training.learning_rate")
        self.inside[np.arange(self.chosen.folds), best] = self.forward
        self.taken.append(best)
        kept = np.flatnonzero(candidate == best[self.fold[member]])
        self._judge(member[kept], [judged[index] for index in kept])

    def places(self) -> Floats:
        """(folds, columns) place of each feature in the order of its fold, from 1.

        Features that no step has taken are ordered by how they did as candidates of the last one.
        """
        places = np.empty(self.inside.shape)
        for fold, inside in enumerate(self.inside):
            steps = [int(best[fold]) for best in self.taken]
            rest = np.flatnonzero(inside != self.forward)
            if self.forward:
                order = [*steps, *rest[np.argsort(self.last[fold, rest], kind="stable")]]
            else:
                order = [*rest[np.argsort(-self.last[fold, rest], kind="stable")], *reversed(steps)]
            places[fold, order] = np.arange(1, len(order) + 1)
        return places

    def _losses(self, member: NDArray[np.int64], inside: NDArray[np.bool_]) -> tuple[Floats, list[Floats]]:
        """Of networks with some features: mean loss on validation rows, and the loss of each held-out row."""
        plan = self.plan.select(member)
        mask = np.zeros(plan.mask.shape, dtype=bool)
        mask[:, self.columns] = inside
        losses = retrained_losses(self.context, self.data, replace(plan, mask=mask), self.chosen)
        return np.array([own.valid.mean() for own in losses]), [own.held_out for own in losses]

    def _judge(self, member: NDArray[np.int64], judged: list[Floats]) -> None:
        """Note how well the chosen features do, on rows that their fold's networks and choices never saw."""
        total, count = np.zeros(self.data.n_rows), np.zeros(self.data.n_rows)
        for number, own in zip(member, judged, strict=True):
            if np.isfinite(own).all():
                rows = self.plan.splits[number].held_out
                total[rows] += own
                count[rows] += 1
        if not count.any():
            raise MethodError("every training of a step failed; use a smaller training.learning_rate")
        mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
        self.sizes.append(size_of(int(self.inside[0].sum()), mean, self.data))


def _notes(
    chosen: Stepwise.Params, names: list[str], sizes: list[Size], selected: Size, agreeing: int
) -> tuple[str, ...]:
    some = names[: min(selected.features, SHOWN)]
    more = f" and {selected.features - SHOWN} more" if selected.features > SHOWN else ""
    by = f"k = {chosen.k}" if chosen.k else "the rule of one standard error"
    least = min(sizes, key=lambda size: size.loss)
    choice = (
        f"Selected by {chosen.direction} steps and {by}: {', '.join(some) or 'no feature'}{more}. The order "
        f"is the mean over {chosen.folds} folds, of which {agreeing} select just these."
    )
    chosen_by = "" if chosen.k else "; their number was chosen by it"
    loss = (
        f"Loss on rows that had no part in choosing the features{chosen_by}: {selected.loss:.4f} (standard "
        f"error {selected.std_error:.4f}) with these {selected.features}, at best {least.loss:.4f} with "
        f"{least.features}. It is no p-value, and none can be computed after such a search."
    )
    return choice, loss


def _write_order(context: Context, names: list[str], places: Floats, selected: Size) -> None:
    """`order.csv`: the features in the mean order, and their place in each fold."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    from deepfeat.writing.csvfiles import write_table  # noqa: PLC0415 - loads pandas

    table = pd.DataFrame({"feature": names, "place": places.mean(axis=0)})
    table["selected"] = [place < selected.features for place in range(len(names))]
    for fold, own in enumerate(places):
        table[f"fold_{fold + 1}"] = own.astype(int)
    write_table(context.artefact("order.csv"), table)


def _draw_path(context: Context, names: list[str], sizes: list[Size], selected: Size) -> None:
    """`path`: the loss for every number of features, with its interval, and where the rule stops."""
    import pandas as pd  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    sizes = sorted(sizes, key=lambda size: size.features)
    count = np.array([size.features for size in sizes])
    loss, error = np.array([size.loss for size in sizes]), np.array([size.std_error for size in sizes])
    low, high = loss - Z * error, loss + Z * error
    added = ["none" if number == 0 else shortened(names[number - 1], 24) for number in count]
    table = pd.DataFrame(
        {"features": count, "added": ["" if number == 0 else names[number - 1] for number in count]}
        | {"loss": loss, "std_error": error, "ci_low": low, "ci_high": high}
        | {"selected": count == selected.features}
    )
    title = "How well networks do with so many features"
    with canvas.look(added) as drawable:
        figure = Figure(figsize=(max(5.0, 1.5 + 0.45 * len(count)), 4.2))
        axes = figure.add_subplot()
        axes.fill_between(count, low, high, color=canvas.SKY, alpha=0.4, linewidth=0)
        axes.plot(count, loss, color=canvas.BLUE, marker="o", markersize=4)
        axes.axvline(selected.features, color=canvas.INK, linewidth=0.8, linestyle="--")
        axes.set_xticks(count, [drawable(text) for text in added], rotation=60, ha="right")
        axes.set_xlabel("features in the order of selection, each with those left of it")
        axes.set_ylabel("loss on rows that chose no feature")
        axes.set_title(title, loc="left", weight="bold")
        axes.grid(axis="y", color=canvas.GRID, linewidth=0.8)
        figure.tight_layout()
        save_figure(
            context,
            "path",
            figure,
            title=title,
            alt=f"Loss with its 95 % interval from {count[0]} to {count[-1]} features; {selected.features} "
            f"features are selected, with a loss of {selected.loss:.4f}.",
            table=table,
        )
