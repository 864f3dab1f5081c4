"""SHAP: how far each feature moves the prediction of every row away from the average prediction."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodError,
    MethodParams,
    describe_figure,
    sum_columns,
    to_columns,
    to_features,
)

Array = NDArray[np.float64]

# What the masked copies of one row may take. Shap keeps them all at once.
COPIES_BYTES = 1 << 30
# Beyond this the weighted least squares of KernelExplainer takes gigabytes and minutes for each row.
KERNEL_FEATURES = 500
# Gradients that one call may return.
GRADIENTS_BYTES = 1 << 27
# Rows that correlations are computed from, about.
CORRELATION_ROWS = 10_000
# Members that are asked together about rows of their own.
GROUP = 10
BEESWARM = (
    "A row of dots per feature, strongest first, a dot per row of the table: how far it moves the "
    "prediction, coloured by the value of the feature."
)
# Classes that are drawn; all of them are in the file.
CLASSES_DRAWN = 10


class Shap(Method):
    """Mean absolute SHAP value of each feature (Lundberg and Lee 2017).

    A row's prediction is shared out among its features: the SHAP values of a row add up to its prediction
    minus the mean prediction over the background rows. All networks and outputs are explained together, as
    one function with a column for each, so every network is asked about the same rows with the same masks.

    What is explained is the logit, not the probability: averaging logits over networks is what adds up. A
    category is hidden and shown as a whole, and columns that are explained one by one are summed with their
    sign, so a feature of many levels is not overrated.

    `permutation`, `kernel` and `partition` are those of the shap library, `expected_gradients` (Erion et al.
    2021) is computed from the gradients of all networks at once; it alone has no limit on the number of
    features, but for interactions it shares out the prediction differently from Shapley's rule. The default
    was chosen by measurement, see docs/performance.md. Shap's DeepExplainer is not offered: behind a softmax
    its values are silently wrong, it fails on several activations, and an error inside of it leaves
    TensorFlow's gradients replaced, which breaks every training that follows in the process.

    Left in the method's folder: `explanation.npz`, the SHAP values averaged over networks, which
    `shap.Explanation(**numpy.load("explanation.npz"))` reads, and shap's own beeswarm and dependence plots.
    """

    name = "shap"
    # Members are independent, but the file and the plots are made of all of them at once.
    kind = "experiment"
    cost = Cost.SAMPLING
    inputs = ("table",)
    paper = "Lundberg and Lee 2017 (NeurIPS 30); Erion et al. 2021 (Nature Machine Intelligence 3)"
    sees = "what each feature adds to the prediction of each row, alone and together with others"
    blind_to = (
        "whether the network is right; and hiding a feature pairs values that correlated features never have"
    )
    trust = (
        "when the predictions of these networks are to be explained row by row, and features are not "
        "strongly correlated"
    )
    removes = "hidden: values of background rows take its place, whatever the other features are"

    class Params(MethodParams):
        """What is explained, against what, and how closely."""

        explainer: Literal["permutation", "kernel", "partition", "expected_gradients"] = Field(
            "permutation", description="how the values are computed"
        )
        rows: PositiveInt = Field(100, description="how many rows are explained, at most")
        background: PositiveInt = Field(
            100, description="how many rows stand for a feature whose value is hidden, at most"
        )
        max_evals: PositiveInt | None = Field(
            None,
            description="masks evaluated for each row (expected_gradients: gradients); by default "
            "3 permutations there and back, 2 x features + 2048 (kernel), 500 (partition), or background",
        )
        plots: NonNegativeInt = Field(
            3, description="how many features get a dependence plot; with 0 nothing is drawn"
        )

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Mean absolute values over rows, for each output; the score is their mean over outputs."""
        params = self.params
        rows = np.sort(context.rng.permutation(data.n_rows)[: params.rows])
        background = np.sort(context.rng.permutation(data.n_rows)[: params.background])
        game = Game(ensemble, data, data.x[rows], data.x[background], params.max_evals)
        explainer = EXPLAINERS[params.explainer]
        explained = np.empty((len(rows), data.n_features, data.n_outputs))
        total = np.zeros((len(ensemble), data.n_outputs, data.n_features))
        with _seeded_numpy(int(context.rng.integers(2**32))), _quiet():
            for row, values in enumerate(explainer(game, context.rng)):
                explained[row] = values.mean(axis=0)
                total += np.abs(values).swapaxes(1, 2)
                context.progress(row + 1, len(rows))
        per_class = total / len(rows)
        notes = [f"{len(rows)} rows explained against {len(background)} background rows."]
        if params.explainer == "expected_gradients":
            gap = np.abs(game.prediction - game.base - explained.sum(axis=1)).mean()
            notes.append(f"Values and prediction differ by {gap:.2g} in the mean: they are sampled.")
        contents = _contents(explained, game, data)
        np.savez(context.artefact("explanation.npz"), **contents)
        if params.plots:
            _draw(contents, data, context, params.plots)
        return Importance(per_class.mean(axis=1), per_class=per_class, notes=tuple(notes))


@dataclass(frozen=True, eq=False)
class Game:
    """The function to explain, in terms of features.

    Attributes:
        ensemble: the members.
        data: their table.
        x: (rows, columns) what is explained.
        background: (background rows, columns) where the values of hidden features come from.
        max_evals: masks for each row, or None for the explainer's default.
    """

    ensemble: Ensemble
    data: Dataset
    x: NDArray[np.float32]
    background: NDArray[np.float32]
    max_evals: int | None

    @property
    def n_features(self) -> int:
        """Number of players."""
        return self.data.n_features

    def answers(self, values: Array) -> NDArray[np.float32]:
        """(rows, members x outputs) logits of rows given as `scaled` gives them."""
        columns = to_columns(values * self._scale + self._centre, self.data)
        if self._groups:
            logits = self._answers_of_distinct(values, columns)
        else:
            logits = self.ensemble.predict(columns, "logit")
        return np.moveaxis(logits, 0, 1).reshape(len(columns), -1)

    def _answers_of_distinct(self, values: Array, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        """(members, rows, outputs) where rows that are the same to a member are answered once.

        Masks that differ in features which a member cannot see are most of them, where training closed gates.
        """
        marks = _marks(values)
        logits = np.empty((len(self.ensemble), len(values), self.data.n_outputs), dtype=np.float32)
        for members, ensemble in self._groups:
            distinct = [_distinct(marks @ self.sees[member].astype(np.uint64)) for member in members]
            longest = max(len(first) for first, _ in distinct)
            rows = np.stack([np.resize(first, longest) for first, _ in distinct])
            answers = ensemble.predict(columns[rows], "logit")
            for member, answer, (_, place) in zip(members, answers, distinct, strict=True):
                logits[member] = answer[place]
        return logits

    @cached_property
    def _groups(self) -> list[tuple[NDArray[np.int64], Ensemble]]:
        """Members that see about as many features, together; none where all see everything."""
        if self.sees.all():
            return []
        order = np.argsort(self.sees.sum(axis=1), kind="stable")
        parts = np.array_split(order, -(-len(order) // GROUP))
        return [(part, self.ensemble.select(part)) for part in parts]

    @cached_property
    def sees(self) -> NDArray[np.bool_]:
        """(members, features) False where the gate is closed and, as slopes show, nothing leads past it."""
        try:
            sees = self.ensemble.gates > 0
        except ValueError:  # a network without gates
            return np.ones((len(self.ensemble), self.n_features), dtype=bool)
        rows = np.concatenate([self.x, self.background])
        rows = rows[:: max(1, len(rows) // 32)]
        for output in range(self.data.n_outputs):
            slopes = np.abs(self.ensemble.gradients(rows, output=output)).max(axis=1)
            sees |= sum_columns(slopes, self.data) > 0
        return sees

    def scaled(self, x: NDArray[np.float32]) -> Array:
        """(rows, features) centred and scaled: to shap, values that differ by 1e-8 are the same."""
        return (to_features(x, self.data) - self._centre) / self._scale

    def by_member(self, values: Array) -> Array:
        """(features, members x outputs) as (members, features, outputs)."""
        return np.moveaxis(values.reshape(self.n_features, len(self.ensemble), -1), 1, 0)

    @cached_property
    def prediction(self) -> Array:
        """(rows, outputs) mean logit over members."""
        return self.ensemble.predict(self.x, "logit").mean(axis=0, dtype=np.float64)

    @cached_property
    def base(self) -> Array:
        """(outputs,) mean logit over background rows and members."""
        return self.ensemble.predict(self.background, "logit").mean(axis=(0, 1), dtype=np.float64)

    @cached_property
    def _centre(self) -> Array:
        """(features,) mean of the numbers; 0 for categories, which are counted."""
        return np.where(self._is_category, 0.0, to_features(self.background, self.data).mean(axis=0))

    @cached_property
    def _scale(self) -> Array:
        """(features,) deviation of the numbers; 1 for categories."""
        both = to_features(np.concatenate([self.x, self.background]), self.data)
        deviation = both.std(axis=0)
        return np.where(self._is_category | (deviation == 0), 1.0, deviation)

    @cached_property
    def _is_category(self) -> NDArray[np.bool_]:
        return np.array([feature.is_category for feature in self.data.features])


def _marks(values: Array) -> NDArray[np.uint64]:
    """(rows, features) 64 bits for each value; their sum over some features marks what these are in a row."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    keys = np.random.default_rng(0).integers(2**63, size=values.shape[1], dtype=np.uint64)
    # the finalizer of MurmurHash3: every bit of the value changes about half of the bits of the mark
    mixed = bits ^ keys
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(33))


def _distinct(marks: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each different mark occurs first, and for every mark which of those it is."""
    import pandas as pd  # noqa: PLC0415 - shap has loaded it

    place, found = pd.factorize(marks)
    first = np.empty(len(found), dtype=np.int64)
    first[place[::-1]] = np.arange(len(marks))[::-1]
    return first, place


def _permutation(game: Game, rng: np.random.Generator) -> Iterator[Array]:
    """Strumbelj and Kononenko 2014, each order there and back, which is exact up to pairs of features."""
    del rng
    import shap  # noqa: PLC0415 - slow to import

    once = 2 * game.n_features + 1
    if game.max_evals is not None and game.max_evals < once:
        raise MethodError(
            f"max_evals {game.max_evals} is too little for the explainer permutation, which evaluates "
            f"{once} masks for {game.n_features} features; raise it, or use explainer: expected_gradients"
        )
    _refuse_beyond_memory(game, "permutation", once)
    masker = shap.maskers.Independent(game.scaled(game.background), max_samples=len(game.background))
    # Its seed is that of numpy's global generator, which is set already.
    explainer = shap.PermutationExplainer(game.answers, masker, seed=np.random.randint(2**31))  # noqa: NPY002
    for row in game.scaled(game.x):
        yield _one_row(game, explainer, row, game.max_evals or 3 * once)


def _partition(game: Game, rng: np.random.Generator) -> Iterator[Array]:
    """Owen values: features are hidden cluster by cluster, where clusters are correlated features."""
    if game.n_features == 1:  # there is nothing to cluster, and nothing to share out
        yield from _permutation(game, rng)
        return
    import shap  # noqa: PLC0415 - slow to import

    _refuse_beyond_memory(game, "partition", 1)
    background = game.scaled(game.background)
    masker = shap.maskers.Partition(
        background,
        max_samples=len(background),
        clustering=_clusters(to_features(_some_rows(game), game.data)),
    )
    explainer = shap.PartitionExplainer(game.answers, masker)
    for row in game.scaled(game.x):
        yield _one_row(game, explainer, row, game.max_evals or 500)


def _kernel(game: Game, rng: np.random.Generator) -> Iterator[Array]:
    """Kernel SHAP: weighted least squares over random masks, with no feature left out beforehand."""
    del rng
    import shap  # noqa: PLC0415 - slow to import

    if game.n_features > KERNEL_FEATURES:
        raise MethodError(
            f"explainer kernel is for at most {KERNEL_FEATURES} features and there are {game.n_features}; "
            "use explainer: expected_gradients"
        )
    samples = game.max_evals or 2 * game.n_features + 2048
    _refuse_beyond_memory(game, "kernel", samples)
    explainer = shap.KernelExplainer(game.answers, game.scaled(game.background))
    for row in game.scaled(game.x):
        # by default it would keep the ten strongest features of every row and call the others zero
        values = explainer.shap_values(row[None], nsamples=samples, l1_reg=0, silent=True)
        yield game.by_member(np.asarray(values)[0])


def _expected_gradients(game: Game, rng: np.random.Generator) -> Iterator[Array]:
    """Gradients at random points between the row and background rows, times their difference."""
    draws = game.max_evals or len(game.background)
    members, columns = len(game.ensemble), game.data.n_columns
    step = max(1, GRADIENTS_BYTES // (4 * members * columns))
    for row in game.x:
        other, way = _stops(len(game.background), draws, rng)
        values = np.zeros((members, game.n_features, game.data.n_outputs))
        for start in range(0, draws, step):
            part = slice(start, start + step)
            away = row - game.background[other[part]]
            points = game.background[other[part]] + way[part] * away
            for output in range(game.data.n_outputs):
                slopes = game.ensemble.gradients(points, output=output)
                values[..., output] += sum_columns(np.einsum("mdc,dc->mc", slopes, away), game.data)
        yield values / draws


def _stops(
    background: int, draws: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Where gradients are taken: between which background row and the explained one, and how far on the way.

    Every background row is used as often as every other, and evenly all along its way.

    Returns:
        (draws,) numbers of background rows, and (draws, 1) shares of the way.
    """
    other = np.resize(rng.permutation(background), draws)
    turn = np.arange(draws) // background
    order = np.argsort(turn * background + rng.permutation(background)[other], kind="stable")
    way = np.empty(draws)
    way[order] = (np.arange(draws) + rng.random()) / draws
    return other, way.astype(np.float32)[:, None]


EXPLAINERS = {
    "permutation": _permutation,
    "kernel": _kernel,
    "partition": _partition,
    "expected_gradients": _expected_gradients,
}


def _one_row(game: Game, explainer: Any, row: Array, evaluations: int) -> Array:  # noqa: ANN401 - an explainer
    """(members, features, outputs) what an explainer of the library says of one row."""
    explanation = explainer(row[None], max_evals=evaluations, silent=True)
    return game.by_member(np.asarray(explanation.values)[0])


def _refuse_beyond_memory(game: Game, explainer: str, masks: int) -> None:
    needed = 8 * masks * len(game.background) * game.n_features
    if explainer == "partition":
        needed = 8 * game.n_features**2  # distances between features
    if needed > COPIES_BYTES:
        raise MethodError(
            f"explainer {explainer} would take {needed / 2**30:.1f} GiB for one row of {game.n_features} "
            f"features; use explainer: expected_gradients, or a background smaller than "
            f"{len(game.background)}"
        )


def _some_rows(game: Game) -> NDArray[np.float32]:
    """Enough of the table to tell which features are correlated, evenly spread over it."""
    step = max(1, game.data.n_rows // CORRELATION_ROWS)
    return game.data.x[::step]


def _clusters(values: Array) -> Array:
    """The tree of correlated features, as scipy draws it; a constant feature is correlated with none."""
    from scipy.cluster.hierarchy import linkage  # noqa: PLC0415 - slow to import
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - as above

    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.abs(np.nan_to_num(np.corrcoef(values, rowvar=False)))
    distance = np.clip(1 - correlation, 0, 1)
    np.fill_diagonal(distance, 0)
    return linkage(squareform((distance + distance.T) / 2, checks=False), method="average")


@contextmanager
def _seeded_numpy(seed: int) -> Iterator[None]:
    """Shap draws from numpy's global generator, which is nobody's: seed it meanwhile, and put it back."""
    before = np.random.get_state()  # noqa: NPY002 - this is about the old generator
    np.random.seed(seed)  # noqa: NPY002 - as above
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002 - as above


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing that shap warns of can be changed by who reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _contents(explained: Array, game: Game, data: Dataset) -> dict[str, Any]:
    """The arguments of `shap.Explanation`; an output axis only where there are several outputs."""
    base = np.repeat(game.base[None], len(explained), axis=0)
    several = data.n_outputs > 1
    contents = {
        "values": explained if several else explained[..., 0],
        "base_values": base if several else base[:, 0],
        "data": to_features(game.x, data),
        "feature_names": np.array(data.feature_names),
    }
    return contents | ({"output_names": np.array(data.classes)} if several else {})


def _draw(contents: dict[str, Any], data: Dataset, context: Context, plots: int) -> None:
    """Shap's own plots, of the strongest features; a plot that fails is worth a warning, not the values."""
    with _seeded_numpy(0), _quiet():
        try:
            _draw_with_shap(contents, data, context, plots)
        except Exception as error:  # noqa: BLE001 - what shap or matplotlib makes of strange data
            context.logger.warning("the plots could not be drawn: %s", error)


def _draw_with_shap(contents: dict[str, Any], data: Dataset, context: Context, plots: int) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - slow to import
    import matplotlib.pyplot as plt  # noqa: PLC0415 - as above
    import shap  # noqa: PLC0415 - as above

    outputs = min(data.n_outputs, CLASSES_DRAWN)
    backend = mpl.get_backend()
    plt.switch_backend("Agg")
    try:
        for output in range(outputs):
            several = data.n_outputs > 1
            values = contents["values"][..., output] if several else contents["values"]
            strongest = np.argsort(-np.abs(values).mean(axis=0), kind="stable")[:20]
            explanation = shap.Explanation(
                values=values[:, strongest],
                base_values=contents["base_values"][..., output] if several else contents["base_values"],
                data=contents["data"][:, strongest],
                feature_names=[_shown(data.feature_names[index]) for index in strongest],
            )
            name = _shown(data.classes[output if several else -1])
            title = name if data.task == "regression" else f"logit of {name}"
            place = f"_{output}" if several else ""
            with plt.rc_context({"text.parse_math": False}):
                plt.figure()
                shap.plots.beeswarm(explanation, max_display=20, show=False)
                _save(plt, context, f"beeswarm{place}.png", title, "What each value does", BEESWARM)
                for rank in range(min(plots, len(strongest))):
                    shap.plots.scatter(explanation[:, rank], color=explanation, show=False)
                    shown = explanation.feature_names[rank]
                    about = f"Dependence on {shown}"
                    alt = f"The SHAP value of {shown} over its value, a dot per row."
                    _save(plt, context, f"dependence{place}_{rank + 1}.png", title, about, alt)
    finally:
        plt.close("all")
        plt.switch_backend(backend)


def _save(
    plt: Any,  # noqa: ANN401 - the module pyplot
    context: Context,
    name: str,
    title: str,
    about: str,
    alt: str,
) -> None:
    plt.title(title, fontsize=11)
    figure = plt.gcf()  # plt.savefig would draw it once more
    figure.savefig(context.artefact(name), dpi=120, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    describe_figure(context, name, title=f"{about}, {title}", alt=alt)


def _shown(name: str, longest: int = 40) -> str:
    """A name from a file, fit for a plot."""
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"
