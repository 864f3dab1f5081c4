"""PNG and JPEG files as arrays: grey or coloured, upright, without transparency, 0 to 1."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from deepfeat.data.images.layout import Pixels

SUFFIXES = (".png", ".jpg", ".jpeg")
FORMATS = ("PNG", "JPEG")
_DEEP_GREY = ("I", "I;16", "I;16B", "I;16L")
_GREY = ("1", "L", "LA", *_DEEP_GREY)
_DEEP = 65535  # the largest value of 16 bits


class UnreadableError(ValueError):
    """A file is no image that can be read; the message says why."""


@dataclass(frozen=True)
class Kind:
    """What the pixels of a file are.

    Attributes:
        height: in pixels, after turning it upright.
        width: the same.
        is_grey: whether it has one channel besides transparency.
        has_alpha: whether parts of it may be transparent.
    """

    height: int
    width: int
    is_grey: bool
    has_alpha: bool


def inspect(path: Path) -> Kind:
    """Decode a file once, to know that it can be read and what it is.

    Raises:
        UnreadableError: it is no PNG or JPEG file, is cut short, or has too many pixels.
    """
    picture = _opened(path)
    alpha = "A" in picture.getbands() or "transparency" in picture.info
    return Kind(picture.height, picture.width, picture.mode in _GREY, alpha)


def decode(path: Path, channels: Literal[1, 3], size: tuple[int, int] | None = None) -> Pixels:
    """(height, width, channels) float32 from 0 to 1.

    Transparent parts are laid over black. Colours become grey by their luminance (ITU-R 601-2).

    Args:
        path: of the file.
        channels: 1 for grey, 3 for red, green and blue.
        size: height and width to resize to, with antialiasing.

    Raises:
        UnreadableError: as `inspect`.
    """
    picture = _opened(path)
    if picture.mode in _DEEP_GREY:
        grey = Image.fromarray(np.asarray(picture, dtype=np.float32) / _DEEP)
        values = np.clip(np.asarray(_resized(grey, size), dtype=np.float32), 0, 1)[..., None]
        return np.repeat(values, channels, axis=-1)
    if "A" in picture.getbands() or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", clear.size, (0, 0, 0, 255)), clear).convert("RGB")
    picture = _resized(picture.convert("L" if channels == 1 else "RGB"), size)
    values = np.asarray(picture, dtype=np.float32) / np.float32(255)
    return values.reshape(picture.height, picture.width, channels)


def _resized(picture: Image.Image, size: tuple[int, int] | None) -> Image.Image:
    if size is None or (picture.height, picture.width) == size:
        return picture
    return picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)


def _opened(path: Path) -> Image.Image:
    """The decoded image, upright."""
    try:
        with warnings.catch_warnings():
            # Pillow's own limit of about 90 million pixels
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # a broken remark in a file does not matter
            warnings.filterwarnings("ignore", category=UserWarning)
            with Image.open(path, formats=FORMATS) as picture:
                picture.load()
                return ImageOps.exif_transpose(picture)
    except UnidentifiedImageError:
        raise UnreadableError("is no PNG or JPEG file") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise UnreadableError("has too many pixels") from None
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        MemoryError,
        OverflowError,
        IndexError,
        TypeError,
    ) as error:
        # whatever a damaged file makes the decoder say
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableError(f"cannot be decoded: {reason}") from error
