"""An `.npz` file with images and labels as arrays; looked at before anything is read, and never unpickled."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepfeat.config.schema import ImagesConfig
from deepfeat.data.faults import shorten
from deepfeat.data.images.found import Found
from deepfeat.data.images.layout import Pixels
from deepfeat.errors import InputError, Problem

# Names that images and labels go by; Keras's own files have a training and a test part.
PAIRS = (("x", "y"), ("images", "labels"), ("X", "y"), ("data", "labels"), ("image", "label"))
PARTS = (("x_train", "y_train"), ("x_test", "y_test"))
GREY_AXES, COLOUR_AXES = 3, 4
_BYTE = 255


@dataclass(frozen=True)
class _Header:
    """What an array of the file is, from its header alone."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


def find_in_arrays(config: ImagesConfig, path: Path, pixel_range: tuple[float, float] | None = None) -> Found:
    """The images of an `.npz` file.

    Args:
        config: size and channels.
        path: of the file.
        pixel_range: as for `from_arrays`.

    Raises:
        InputError: it cannot be read, holds objects, or has no images of one shape with a label each.
    """
    headers = _headers(path)
    if all(name in headers for pair in PARTS for name in pair):
        pairs: tuple[tuple[str, str], ...] = PARTS
    else:
        pairs = tuple(pair for pair in PAIRS if all(name in headers for name in pair))[:1]
    if not pairs:
        wanted = " or ".join(f"{x} and {y}" for x, y in (PAIRS[0], PAIRS[1]))
        held = ", ".join(shorten(name) for name in headers) or "nothing"
        raise _refusal(path, f"holds {held}; name the arrays of images and labels {wanted}")
    for x, y in pairs:
        _check(path, x, headers[x], y, headers[y])
    _check_alike(path, {x: headers[x].shape[1:] for x, _ in pairs})
    try:
        with np.load(path, allow_pickle=False) as stored:
            images = [stored[x] for x, _ in pairs]
            labels = [stored[y].reshape(-1) for _, y in pairs]
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, MemoryError) as error:
        raise _refusal(path, f"cannot be read: {error}; make it anew with numpy.savez") from error
    return from_arrays(config, str(path), images, labels, pixel_range=pixel_range)


def from_arrays(
    config: ImagesConfig,
    source: str,
    images: list[NDArray[np.generic]],
    labels: list[NDArray[np.generic]],
    classes: tuple[str, ...] = (),
    pixel_range: tuple[float, float] | None = None,
) -> Found:
    """Images that are arrays already, one part after another.

    Args:
        config: size and channels.
        source: where they come from, for messages.
        images: (images, height, width) or (images, height, width, channels) of each part.
        labels: (images,) of each part.
        classes: names of the classes, where the labels are numbers.
        pixel_range: which values become 0 and 1; None for what is usual for such values, or else the least
            and the largest.

    Raises:
        InputError: a value is not finite, or all of them are the same and no usual range has it.
    """
    whole = images[0] if len(images) == 1 else np.concatenate(images)
    if whole.ndim == GREY_AXES:
        whole = whole[..., None]
    own = float(np.min(whole)), float(np.max(whole))
    if not np.isfinite(own).all():
        raise InputError(Problem(source, 0, 0, "has pixels that are not finite; correct or remove them"))
    usual = _usual_range(whole.dtype, *own)
    lowest, highest = pixel_range or usual or own
    if lowest == highest:
        message = f"has {lowest:.6g} in every pixel of every image; there is nothing to tell them apart by"
        raise InputError(Problem(source, 0, 0, message))
    notes = list(_range_note(whole.dtype, lowest, highest))
    given = whole.shape[-1]
    if given in (2, 4):
        notes.append("Transparency laid over black.")
    colours = given - (given in (2, 4))
    channels = {"auto": colours, "grey": 1, "rgb": 3}[config.channels]
    size = whole.shape[1:3] if config.size is None else (config.size[0], config.size[1])
    if size != whole.shape[1:3]:
        notes.append(
            f"Images of {whole.shape[1]} x {whole.shape[2]} pixels resized to {size[0]} x {size[1]}."
        )

    def read(first: int, last: int) -> Pixels:
        values = (whole[first:last].astype(np.float32) - np.float32(lowest)) / np.float32(highest - lowest)
        if values.shape[-1] != colours:
            values = values[..., :colours] * values[..., colours:]
        return _resized(_in_channels(values, channels), size)

    return Found(
        source=source,
        shape=(size[0], size[1], channels),
        labels=np.concatenate(labels),
        names=tuple(str(index) for index in range(len(whole))),
        read=read,
        notes=tuple(notes),
        classes=classes,
        pixel_range=None if usual else (lowest, highest),
    )


def _headers(path: Path) -> dict[str, _Header]:
    """What each array of the file is; nothing of it is read but that."""
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.namelist():
                if not entry.endswith(".npy"):
                    continue
                with archive.open(entry) as stream:
                    major, _ = np.lib.format.read_magic(stream)
                    reader = (
                        np.lib.format.read_array_header_1_0
                        if major == 1
                        else np.lib.format.read_array_header_2_0
                    )
                    shape, _, dtype = reader(stream)
                    found[entry.removesuffix(".npy")] = _Header(shape, dtype)
    except FileNotFoundError:
        raise _refusal(path, "not there; correct data.images") from None
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _refusal(
            path, f"is no .npz file ({error}); make it with numpy.savez(file, x=..., y=...)"
        ) from error
    return found


def _check(path: Path, x: str, images: _Header, y: str, labels: _Header) -> None:
    for name, header in ((x, images), (y, labels)):
        if header.dtype.hasobject:
            raise _refusal(
                path, f"{name} holds Python objects, which are never unpickled; save plain numbers or texts"
            )
    if len(images.shape) not in (GREY_AXES, COLOUR_AXES) or 0 in images.shape:
        raise _refusal(
            path, f"{x} has shape {images.shape}; images are (images, height, width) or (..., channels)"
        )
    if len(images.shape) == COLOUR_AXES and images.shape[-1] > 4:  # noqa: PLR2004 - red, green, blue, alpha
        raise _refusal(
            path,
            f"{x} has {images.shape[-1]} channels on its last axis; give 1 (grey) to 4 (with transparency)",
        )
    if images.dtype.kind not in "buif":
        raise _refusal(path, f"{x} holds {images.dtype}; images are numbers")
    if labels.dtype.kind not in "buifUS" or int(np.prod(labels.shape)) != images.shape[0]:
        raise _refusal(
            path,
            f"{y} holds {labels.dtype} of shape {labels.shape}; give one number or text for each of the "
            f"{images.shape[0]:,} images",
        )


def _check_alike(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    (first, shape), *others = shapes.items()
    for name, other in others:
        if other != shape:
            held = (
                f"{array} with images of {' x '.join(map(str, of))}"
                for array, of in ((first, shape), (name, other))
            )
            raise _refusal(path, f"holds {' and '.join(held)}; give all images one shape")


def _usual_range(dtype: np.dtype[np.generic], lowest: float, highest: float) -> tuple[float, float] | None:
    """Which values of a usual kind of image become 0 and 1; None where the values are of no such kind."""
    if dtype == np.bool_:
        return 0.0, 1.0
    if dtype == np.uint8:
        return 0.0, float(_BYTE)
    for usual in (1.0, float(_BYTE)):
        if lowest >= 0 and highest <= usual:
            return 0.0, usual
    return None


def _range_note(dtype: np.dtype[np.generic], lowest: float, highest: float) -> list[str]:
    if dtype == np.uint8 or (lowest, highest) == (0.0, 1.0):
        return []
    return [f"Pixels from {lowest:.6g} to {highest:.6g} scaled to 0 to 1."]


def _in_channels(values: Pixels, channels: int) -> Pixels:
    if values.shape[-1] == channels:
        return values
    if channels == 1:  # luminance, as ITU-R 601-2 has it
        return values @ np.array([[0.299], [0.587], [0.114]], dtype=np.float32)
    return np.repeat(values, channels, axis=-1)


def _resized(values: Pixels, size: tuple[int, int]) -> Pixels:
    if values.shape[1:3] == size:
        return values
    from PIL import Image  # noqa: PLC0415 - only where it is needed

    resized = np.empty((len(values), *size, values.shape[-1]), dtype=np.float32)
    for image, target in zip(values, resized, strict=True):
        for channel in range(values.shape[-1]):
            plane = Image.fromarray(np.ascontiguousarray(image[..., channel]))
            target[..., channel] = np.asarray(plane.resize((size[1], size[0]), Image.Resampling.BILINEAR))
    return np.clip(resized, 0, 1)


def _refusal(path: Path, message: str) -> InputError:
    return InputError(Problem(str(path), 0, 0, message))
