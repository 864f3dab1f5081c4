"""pixel_importance: where in an image the networks look, by three techniques, for each class."""

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
    MethodParams,
    Panel,
    enlarged,
    images_of,
    integrated_slopes,
    panels_figure,
    save_figure,
)
from deepfeat.writing import canvas

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

TECHNIQUES = ("saliency", "integrated gradients", "occlusion")
# Classes of which heat maps are drawn, and numbers that a table of pixels has at most.
MOST_CLASSES, MOST_NUMBERS = 12, 200_000
COLOURS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(eq=False)
class Found:
    """What one member answered, by class and technique.

    Attributes:
        columns: (classes, techniques, columns) mean importance of every number of an image; the columns of a
            region share what its occlusion does.
        regions: (classes, techniques, features) the same of regions.
    """

    columns: Floats
    regions: Floats


class PixelImportance(Method):
    """Where in the image the networks look: saliency, integrated gradients and occlusion, averaged.

    Each technique tells, for images of a class, how far each pixel or region moves the logit of that class:
    saliency by its slope (Simonyan 2014), integrated gradients by the slope summed up on the way from the
    mean training image (Sundararajan 2017), occlusion by covering a region with the mean training image
    (Zeiler 2014). Each is scaled to a sum of one; the score of a region is the mean of the three, over images
    and classes. Heat maps show the same by pixel, and Grad-CAM (Selvaraju 2017) shows for the specimens what
    the last convolution saw. Maps that look alike for shuffled labels say nothing: see `label_permutation`.
    """

    name = "pixel_importance"
    kind = "experiment"
    inputs = ("images",)
    cost = Cost.SAMPLING
    paper = (
        'Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks", ECCV; '
        'Sundararajan 2017; Selvaraju et al. 2017, "Grad-CAM", ICCV'
    )
    sees = "which places of the image move the logit of its class, on average over images and networks"
    blind_to = "objects that move about in the image: averages over images blur what each of them shows"
    removes = "slopes remove nothing; occlusion puts the mean training image in place of a region"
    trust = (
        "where the three techniques agree, and the maps differ from those of networks with shuffled labels; "
        "less where objects may be anywhere in the image"
    )
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

        images: PositiveInt = Field(
            20, description="images of each class, at most; the same for all networks"
        )
        steps: PositiveInt = Field(12, description="points on the way from the mean image to each image")

    params: Params

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """Member after member; then the maps of all."""
        rows = _rows(data, self.params.images, context.rng)
        found = []
        for member in range(len(ensemble)):
            found.append(_ask(ensemble.select([member]), data, rows, self.params.steps))
            context.progress(member + 1, len(ensemble))
        scores = np.stack([_shares(one.regions).mean(axis=1) for one in found])
        self._show(np.mean([_shares(one.columns) for one in found], axis=0), data, context)
        notes = self._grad_cam(ensemble, data, context)
        per_class = scores if data.n_outputs > 1 else None
        return Importance(scores.mean(axis=1), per_class=per_class, notes=notes)

    def _show(self, columns: Floats, data: Dataset, context: Context) -> None:
        images = images_of(data)
        pictures = images.to_pictures(columns)
        heat = pictures.sum(axis=-1)
        names = _classes(data)
        mean = [_mean_picture(data, index) for index in range(len(names))]
        with canvas.look([*names, *TECHNIQUES]) as drawable:
            rows = [
                [
                    Panel(mean[index], drawable(name)),
                    Panel(heat[index].mean(axis=0), "all three"),
                    *(Panel(heat[index, t], technique) for t, technique in enumerate(TECHNIQUES)),
                ]
                for index, name in enumerate(names[:MOST_CLASSES])
            ]
            save_figure(
                context,
                "1_heat_maps",
                panels_figure(
                    rows, "Where the networks look", "Mean image of each class; darker is more important"
                ),
                title="Where the networks look",
                alt="For each class its mean image, and maps of the image in which darker places move the "
                "logit of the class more: the mean of three techniques, and each of them.",
                table=_table(heat, names, data),
            )
        self._show_channels(pictures, names, data, context)

    def _show_channels(self, pictures: Floats, names: list[str], data: Dataset, context: Context) -> None:
        import pandas as pd  # noqa: PLC0415 - slow to import
        from matplotlib.figure import Figure  # noqa: PLC0415

        if images_of(data).channels == 1:
            return
        # occlusion covers all channels of a place at once
        shares = _shares(pictures[:, :2].sum(axis=(2, 3))).mean(axis=1)
        colours = COLOURS[3]
        table = pd.DataFrame(shares, columns=list(colours))
        table.insert(0, "class", names)
        with canvas.look(names) as drawable:
            shown = [drawable(name) for name in names]
            page = canvas.Page.with_rows(
                shown,
                "What each colour tells",
                "Share of saliency and integrated gradients",
                headings=colours,
            )
            for panel, channel in zip(page.panels, range(len(colours)), strict=True):
                panel.barh(range(len(names)), shares[:, channel], height=0.62, color=canvas.SKY)
                panel.set_xlim(0, 1)
            figure: Figure = page.figure
            save_figure(
                context,
                "3_channels",
                figure,
                title="What each colour tells",
                alt="For each class the share of the importance that is on the red, green and blue channel.",
                table=table,
            )

    def _grad_cam(self, ensemble: Ensemble, data: Dataset, context: Context) -> tuple[str, ...]:
        import pandas as pd  # noqa: PLC0415 - slow to import

        images = images_of(data)
        if len(images.specimens) == 0:
            return (
                "No image was kept out as a specimen, so there is no Grad-CAM; see data.images.specimen.",
            )
        chosen = _decided(ensemble, images.specimens, data)
        maps = grad_cam(ensemble, images.specimens, chosen, images.height, images.width)
        if maps is None:
            return ("The network has no convolution, so there is no Grad-CAM.",)
        pictures = images.to_pictures(images.specimens)
        names = _classes(data)
        with canvas.look([*names, *images.specimen_names]) as drawable:
            rows = [
                [
                    Panel(picture, drawable(name[-18:])),
                    Panel(seen, f"for {drawable(names[code])}", under=picture),
                ]
                for picture, seen, name, code in zip(
                    pictures, maps, images.specimen_names, chosen, strict=True
                )
            ]
            places = pd.MultiIndex.from_product(
                [images.specimen_names, range(images.height), range(images.width)],
                names=["specimen", "y", "x"],
            )
            save_figure(
                context,
                "2_grad_cam",
                panels_figure(rows, "Grad-CAM", "Light: what speaks for the class in the last convolution"),
                title="Grad-CAM of the specimens",
                alt="Each specimen, and over it a map of where the last convolution has found what speaks "
                "for the class that the networks decide for; the mean over all networks.",
                table=pd.DataFrame({"grad_cam": maps.reshape(-1)}, index=places).reset_index(),
            )
        return ()


def _ask(member: Ensemble, data: Dataset, rows: list[NDArray[np.int64]], steps: int) -> Found:
    """The three techniques for one member."""
    images = images_of(data)
    mean = member.moments[0].astype(np.float32)
    columns = np.zeros((len(rows), len(TECHNIQUES), data.n_columns))
    regions = np.zeros((len(rows), len(TECHNIQUES), data.n_features))
    starts = [feature.start for feature in data.features]
    for code, own in enumerate(rows):
        x = data.x[own]
        output = code if data.n_outputs > 1 else 0
        slopes = np.abs(member.gradients(x, output)[0])
        attributed = integrated_slopes(member, x, mean, steps, output)[0] * (x - mean)
        covered = _occluded(member, data, x, np.broadcast_to(mean, x.shape), output)
        columns[code, 0] = slopes.mean(axis=0, dtype=np.float64)
        columns[code, 1] = np.abs(attributed).mean(axis=0, dtype=np.float64)
        columns[code, 2] = np.repeat(covered / images.channels, [f.stop - f.start for f in data.features])
        regions[code, 0] = np.add.reduceat(columns[code, 0], starts)
        signed = np.add.reduceat(attributed.astype(np.float64), starts, axis=-1)
        regions[code, 1] = np.abs(signed).mean(axis=0)
        regions[code, 2] = covered
    return Found(columns, regions)


def _occluded(
    member: Ensemble, data: Dataset, x: NDArray[np.float32], mean: NDArray[np.float32], output: int
) -> Floats:
    """(features,) mean change of the logit when a region is covered with the mean image."""
    moved = np.zeros(data.n_features)
    for part in member.replaced([(x, mean)], "logit"):
        change = part.before[None, :, output].astype(np.float64) - part.after[:, :, output]
        moved[part.features] = np.abs(change).mean(axis=1)
    return moved


def grad_cam(
    ensemble: Ensemble, specimens: NDArray[np.float32], codes: NDArray[np.int64], height: int, width: int
) -> Floats | None:
    """(specimens, height, width) Grad-CAM from 0 to 1, the mean over members; None without a convolution.

    Args:
        ensemble: the members.
        specimens: (specimens, columns).
        codes: the class of each whose logit is followed back.
        height: of an image.
        width: of an image.
    """
    import keras  # noqa: PLC0415 - slow to import
    import tensorflow as tf  # noqa: PLC0415

    front: Any = None
    back: Any = None
    total = np.zeros((len(specimens), height, width))
    for model in ensemble.models():
        if front is None:
            found = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
            if not found:
                return None
            front = keras.Model(model.input, found[-1].output)
            back = keras.Model(found[-1].output, model.layers[-1].input)
        maps = tf.convert_to_tensor(front(specimens))
        with tf.GradientTape() as tape:
            tape.watch(maps)
            logits = back(maps)
            if logits.shape[-1] == 1:
                chosen = tf.reduce_sum(logits[:, 0] * np.where(codes == 1, 1, -1).astype(np.float32))
            else:
                chosen = tf.reduce_sum(tf.gather(logits, codes, batch_dims=1))
        slopes = tape.gradient(chosen, maps).numpy().mean(axis=(1, 2))
        seen = np.maximum(np.einsum("nhwc,nc->nhw", maps.numpy(), slopes), 0)
        peak = seen.max(axis=(1, 2), keepdims=True)
        total += enlarged(np.divide(seen, peak, out=np.zeros_like(seen), where=peak > 0), height, width)
    return total / len(ensemble)


def _shares(values: Floats) -> Floats:
    """Scaled to a sum of one along the last axis; even shares where all are zero."""
    total = values.sum(axis=-1, keepdims=True)
    even = np.full_like(values, 1 / values.shape[-1])
    return np.divide(values, total, out=even, where=total > 0)


def _rows(data: Dataset, most: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Rows of each class, drawn at random; of a regression all rows are one class."""
    strata = np.zeros(data.n_rows, dtype=np.int64) if data.task == "regression" else data.strata
    return [
        np.sort(rng.permutation(np.flatnonzero(strata == code))[:most])
        for code in range(1 if data.task == "regression" else len(data.classes))
    ]


def _classes(data: Dataset) -> list[str]:
    return list(data.classes)


def _mean_picture(data: Dataset, code: int) -> NDArray[np.floating]:
    rows = np.arange(data.n_rows) if data.task == "regression" else np.flatnonzero(data.strata == code)
    return images_of(data).to_pictures(data.x[rows[:500]].mean(axis=0))


def _decided(ensemble: Ensemble, specimens: NDArray[np.float32], data: Dataset) -> NDArray[np.int64]:
    """The class that the networks decide for on average."""
    answers = ensemble.predict(specimens).mean(axis=0)
    if data.task == "regression":
        return np.zeros(len(answers), dtype=np.int64)
    if data.n_outputs == 1:
        return np.rint(answers[:, 0]).astype(np.int64)
    return answers.argmax(axis=1)


def _table(heat: Floats, names: list[str], data: Dataset) -> "pd.DataFrame":
    """The numbers of the heat maps, by pixel; by region where those were too many."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    images = images_of(data)
    if heat.size <= MOST_NUMBERS:
        axes = [names, TECHNIQUES, range(images.height), range(images.width)]
        index = pd.MultiIndex.from_product(axes, names=["class", "technique", "y", "x"])
        return pd.DataFrame({"importance": heat.reshape(-1)}, index=index).reset_index()
    sums = np.stack([heat[..., t:b, left:r].sum(axis=(-2, -1)) for t, b, left, r in images.boxes], axis=-1)
    index = pd.MultiIndex.from_product(
        [names, TECHNIQUES, images.names], names=["class", "technique", "region"]
    )
    return pd.DataFrame({"importance": sums.reshape(-1)}, index=index).reset_index()
