"""layers: what every layer makes of the specimens and of images that the networks have not seen."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from deepfeat.methods import (
    Context,
    Cost,
    Dataset,
    Ensemble,
    Importance,
    Method,
    MethodError,
    MethodParams,
    Panel,
    enlarged,
    held_out_rows,
    images_of,
    panels_figure,
    sample,
    save_figure,
)
from deepfeat.writing import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Answers = NDArray[np.float32]

BINS = 64
# An activation counts as nearly zero below this share of the largest one of its layer.
NEAR_ZERO = 0.01
# Positions of a layer that its correlations are computed from, and channels that a grid shows, at most.
MOST_PLACES, MOST_CHANNELS, ACROSS = 20_000, 64, 8
# Numbers that a table of maps has at most, and classes that are drawn.
MOST_NUMBERS, MOST_CLASSES = 100_000, 10
PICTURE = 3  # axes of an image or of the maps of a layer: height, width, channels


@dataclass(frozen=True)
class Figures:
    """A layer in numbers.

    Attributes:
        near_zero: share of activations below a hundredth of the layer's largest one.
        redundancy: mean absolute correlation between channels; NaN for a layer of one.
        entropy: Shannon entropy of the activations in bits, from 64 bins of equal width over their range.
        gain: the entropy of the images' own pixels, found alike, less that of the activations.
    """

    near_zero: float
    redundancy: float
    entropy: float
    gain: float


class Layers(Method):
    """What each layer makes of an image: maps, distributions, redundancy, entropy, and the classes.

    The networks are cut open at every layer, for the specimens and for held-out images. Maps are those of the
    first network for the first specimen. For each network and layer: the share of activations that are nearly
    zero; redundancy, the mean absolute correlation between channels over images and places; the Shannon
    entropy of the activations; and the information gain, the entropy of the pixels less that of the
    activations. It shows what networks do and ranks nothing: its scores are the mean activity of the last
    layer of maps above each region.
    """

    name = "layers"
    kind = "experiment"
    inputs = ("images",)
    ranks = False
    cost = Cost.PREDICTIONS
    paper = 'Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks", ECCV'
    sees = "what each layer answers to an image: which filters are alike or silent, how sure the end is"
    blind_to = "whether an answer of a layer matters for the classes"
    removes = "not removed: activations are read"
    trust = "its figures say how networks work; whether what they show matters is for other methods to tell"
    exempt = dict.fromkeys(
        (
            *("answers", "repeats", "members_are_independent", "leaves_everything_as_it_was"),
            *("writes_only_in_its_folder", "one_feature", "finds_the_signal", "follows_the_feature"),
            *("categories", "constant_features"),
        ),
        "it is asked about images alone, and tested with them",
    )

    class Params(MethodParams):
        """What the experiment file can set."""

        images: PositiveInt = Field(100, description="held-out images of each network, at most")
        networks: PositiveInt = Field(5, description="networks that are cut open, at most: the first ones")

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Network after network, layer after layer."""
        images = images_of(data)
        if len(images.specimens) == 0:
            raise MethodError("no image was kept out as a specimen; set data.images.specimen to 1 or more")
        opened = min(self.params.networks, len(ensemble))
        layers = ensemble.layers
        table, spread, scores = [], {}, np.zeros((len(ensemble), data.n_features))
        for member in range(len(ensemble)):
            one = ensemble.select([member])
            rows = sample(held_out_rows(ensemble, member), self.params.images, context.rng)
            last = _last_maps(one, layers)
            for layer in layers if member < opened else [last]:
                answers = one.activations(data.x[rows], layer)[0]
                if layer == last:
                    scores[member] = _activity(answers, data)
                if member < opened:
                    told = _figures(answers, data.x[rows], context.rng)
                    table.append({"network": member, "layer": layer, **vars(told)})
                if member == 0:
                    spread[layer] = _histogram(answers)
            context.progress(member + 1, len(ensemble))
        spread = {"image": _histogram(images.specimens[:1]), **spread}
        probabilities = ensemble.predict(images.specimens)
        self._show_classes(
            probabilities, _held_out_entropy(ensemble, data, self.params.images, context), data, context
        )
        self._show_distributions(spread, context)
        self._show_figures(table, list(layers), context)
        self._show_maps(ensemble.select([0]), data, context)
        return Importance(scores)

    def _show_classes(
        self, probabilities: Answers, held_out: Floats, data: Dataset, context: Context
    ) -> None:
        """How the networks decide about the specimens, and how sure they are of held-out images."""
        import pandas as pd  # noqa: PLC0415 - slow to import

        if data.task == "regression":
            return
        images = images_of(data)
        every = _both_classes(probabilities)
        names = list(data.classes)
        entropy = _entropy_of(every)
        table = pd.DataFrame(
            [
                {
                    "specimen": images.specimen_names[index],
                    "its class": images.specimen_classes[index],
                    "class": name,
                    "probability": every[:, index, code].mean(dtype=np.float64),
                    "deviation": every[:, index, code].std(dtype=np.float64),
                    "entropy_bits": entropy[:, index].mean(),
                    "held_out_entropy_bits": held_out.mean(),
                }
                for index in range(len(images.specimens))
                for code, name in enumerate(names)
            ]
        )
        shown = np.argsort(-every[:, 0].mean(axis=0), kind="stable")[:MOST_CLASSES]
        headings = [
            f"{name[-14:]}: {entropy[:, index].mean():.2f} bits"
            for index, name in enumerate(images.specimen_names[:4])
        ]
        with canvas.look([*names, *headings]) as drawable:
            page = canvas.Page.with_rows(
                [drawable(names[code]) for code in shown],
                "What the networks take the specimens for",
                f"Mean and deviation over networks; entropy on held-out images {held_out.mean():.2f} bits",
                headings=[drawable(text) for text in headings],
            )
            for index, panel in enumerate(page.panels):
                own = every[:, index][:, shown]
                mean, deviation = own.mean(axis=0), own.std(axis=0)
                panel.barh(range(len(shown)), mean, xerr=deviation, height=0.62, color=canvas.SKY)
                panel.set_xlim(0, 1)
            save_figure(
                context,
                "1_classes",
                page.figure,
                title="Classes of the specimens",
                alt="For each specimen the probability of every class, the mean over networks with its "
                "deviation, and the entropy of these answers in bits: 0 is sure.",
                table=table,
            )

    def _show_distributions(self, spread: dict[str, tuple[Floats, Floats]], context: Context) -> None:
        import pandas as pd  # noqa: PLC0415 - slow to import

        with canvas.look(spread):
            save_figure(
                context,
                "2_distributions",
                _distributions(spread),
                title="Activations of each layer",
                alt="For each layer the distribution of its activations on held-out images, over that of the "
                "pixels of the first specimen; the scale of shares is logarithmic.",
                table=pd.concat(
                    [
                        pd.DataFrame({"layer": layer, "from": edges[:-1], "to": edges[1:], "share": shares})
                        for layer, (edges, shares) in spread.items()
                    ],
                    ignore_index=True,
                ),
            )

    def _show_figures(self, table: list[dict[str, Any]], layers: list[str], context: Context) -> None:
        import pandas as pd  # noqa: PLC0415 - slow to import

        whole = pd.DataFrame(table)
        mean = whole.groupby("layer")[["near_zero", "redundancy", "entropy", "gain"]].mean().loc[layers]
        with canvas.look(layers):
            page = canvas.Page.with_rows(
                layers,
                "The layers in numbers",
                "Means over networks, on held-out images",
                headings=["near zero", "redundancy", "entropy, bits", "information gain, bits"],
            )
            for panel, name in zip(page.panels, mean.columns, strict=True):
                panel.barh(range(len(layers)), mean[name], height=0.62, color=canvas.SKY)
                panel.axvline(0, color=canvas.GREY, linewidth=0.8)
            save_figure(
                context,
                "5_layers",
                page.figure,
                title="The layers in numbers",
                alt="For each layer the share of activations that are nearly zero, the mean absolute "
                "correlation between channels, the entropy of the activations, and how much less that is "
                "than that of the pixels.",
                table=whole,
            )

    def _show_maps(self, one: Ensemble, data: Dataset, context: Context) -> None:
        """Maps of every layer that has some; those of the first and last convolution come first."""
        images = images_of(data)
        picture = images.to_pictures(images.specimens[:1])[0]
        answered = {layer: one.activations(images.specimens[:1], layer)[0, 0] for layer in one.layers}
        # what a layer without weights passes on as it was has been shown
        new = [
            layer
            for layer, before in zip(one.layers, ("", *one.layers), strict=False)
            if not before or not np.array_equal(answered[layer], answered[before])
        ]
        maps = {layer: answered[layer] for layer in new if answered[layer].ndim == PICTURE}
        convolutions = [layer for layer in maps if layer in _convolutions(one)] or list(maps)
        if not maps:
            return
        names = {convolutions[-1]: "4_last_convolution", convolutions[0]: "3_first_convolution"}
        for layer, answer in maps.items():
            _show_grid(names.get(layer, f"maps_{layer}"), layer, answer, picture, context)


def _show_grid(name: str, layer: str, maps: Answers, picture: NDArray[np.floating], context: Context) -> None:
    import pandas as pd  # noqa: PLC0415 - slow to import

    height, width, channels = maps.shape
    shown = [
        Panel(picture, "the specimen"),
        *(Panel(maps[..., channel], f"{channel}") for channel in range(min(channels, MOST_CHANNELS))),
    ]
    rows = [shown[start : start + ACROSS] for start in range(0, len(shown), ACROSS)]
    if maps.size <= MOST_NUMBERS:
        index = pd.MultiIndex.from_product(
            [range(height), range(width), range(channels)], names=["y", "x", "channel"]
        )
        table = pd.DataFrame({"activation": maps.reshape(-1)}, index=index).reset_index()
    else:
        table = pd.DataFrame(
            {
                "channel": range(channels),
                "mean": maps.mean(axis=(0, 1), dtype=np.float64),
                "largest": maps.max(axis=(0, 1)),
            }
        )
    with canvas.look([layer]) as drawable:
        save_figure(
            context,
            name,
            panels_figure(
                rows, f"Maps of {drawable(layer)}", f"{channels} of {height} x {width}, by the first network"
            ),
            title=f"Maps of {layer}",
            alt=f"The first specimen, and what each channel of layer {layer} answers to it; darker is more.",
            table=table,
        )


def _figures(answers: Answers, x: Answers, rng: np.random.Generator) -> Figures:
    largest = float(np.abs(answers).max())
    near = float((np.abs(answers) <= NEAR_ZERO * largest).mean()) if largest > 0 else 1.0
    entropy = _bits(_histogram(answers)[1])
    return Figures(near, _redundancy(answers, rng), entropy, _bits(_histogram(x)[1]) - entropy)


def _redundancy(answers: Answers, rng: np.random.Generator) -> float:
    """Mean absolute correlation between channels that vary; NaN where there are less than two."""
    places = answers.reshape(-1, answers.shape[-1]).astype(np.float64)
    if len(places) > MOST_PLACES:
        places = places[np.sort(rng.choice(len(places), MOST_PLACES, replace=False))]
    varying = places[:, places.std(axis=0) > 0]
    if varying.shape[1] < 2 or len(varying) < 2:  # noqa: PLR2004
        return float("nan")
    between = np.abs(np.corrcoef(varying, rowvar=False))
    apart = ~np.eye(len(between), dtype=bool)
    return float(between[apart].mean())


def _histogram(values: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Edges of 64 bins over the range of the values, and the share of values in each."""
    low, high = float(values.min()), float(values.max())
    counts, edges = np.histogram(values, BINS, (low, high if high > low else low + 1))
    return edges, counts / counts.sum()


def _bits(shares: Floats) -> float:
    """Shannon entropy."""
    held = shares[shares > 0]
    return float(-(held * np.log2(held)).sum() + 0.0)


def _entropy_of(probabilities: NDArray[np.floating]) -> Floats:
    """Entropy in bits along the last axis."""
    p = np.clip(probabilities.astype(np.float64), 1e-12, 1)
    return np.asarray(-(p * np.log2(p)).sum(axis=-1))


def _both_classes(probabilities: Answers) -> Answers:
    """A probability for each class, also where the network has one output for two."""
    if probabilities.shape[-1] > 1:
        return probabilities
    return np.concatenate([1 - probabilities, probabilities], axis=-1)


def _held_out_entropy(ensemble: Ensemble, data: Dataset, most: int, context: Context) -> Floats:
    """(members,) mean predictive entropy on images that each has not seen."""
    if data.task == "regression":
        return np.zeros(len(ensemble))
    found = []
    for member in range(len(ensemble)):
        rows = sample(held_out_rows(ensemble, member), most, context.member_rng(ensemble.plan.seeds[member]))
        found.append(_entropy_of(_both_classes(ensemble.select([member]).predict(data.x[rows])[0])).mean())
    return np.array(found)


def _activity(maps: Answers, data: Dataset) -> Floats:
    """(features,) mean absolute activation above each region."""
    images = images_of(data)
    if maps.ndim != PICTURE + 1:
        return np.full(data.n_features, np.abs(maps).mean())
    mean = np.abs(maps).mean(axis=(0, -1), dtype=np.float64)
    wide = enlarged(mean, images.height, images.width)
    return np.array([wide[t:b, left:r].mean() for t, b, left, r in images.boxes])


def _last_maps(one: Ensemble, layers: tuple[str, ...]) -> str:
    """The last convolution, or the last layer with maps, or the last layer."""
    found = _convolutions(one)
    return found[-1] if found else layers[-1]


def _convolutions(one: Ensemble) -> list[str]:
    import keras  # noqa: PLC0415 - slow to import

    return [layer.name for layer in one.template.model.layers if isinstance(layer, keras.layers.Conv2D)]


def _distributions(spread: dict[str, tuple[Floats, Floats]]) -> "Figure":
    """Small histograms, each over that of the image."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    layers = [layer for layer in spread if layer != "image"]
    across = min(4, len(layers))
    down = -(-len(layers) // across)
    width, height = 2.1 * across + 0.6, 1.55 * down + 0.85
    figure = Figure(figsize=(max(width, 6.6), height))
    canvas.head(
        figure,
        "Activations of each layer",
        "Share of activations (blue) over that of the specimen's pixels (orange)",
    )
    edges, shares = spread["image"]
    for number, layer in enumerate(layers):
        row, column = divmod(number, across)
        axes = figure.add_axes(
            (
                (0.55 + column * 2.1) / max(width, 6.6),
                1 - (0.95 + row * 1.55 + 1.0) / height,
                1.75 / max(width, 6.6),
                1.0 / height,
            )
        )
        axes.stairs(shares, edges, color=canvas.ORANGE, linewidth=1.0, fill=True, alpha=0.35)
        axes.stairs(spread[layer][1], spread[layer][0], color=canvas.BLUE, linewidth=1.2)
        axes.set_yscale("log")
        axes.set_ylim(1e-5, 1.3)
        axes.set_title(layer, loc="left", size=8)
        axes.set_yticks([1, 1e-2, 1e-4], ["1", "0.01", "0.0001"] if column == 0 else ["", "", ""])
        axes.minorticks_off()
        axes.tick_params(labelsize=7)
    return figure
