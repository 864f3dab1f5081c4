"""Amounts of memory as people write them."""

import re

_SIZE = re.compile(r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,6})?) ?(?P<unit>[KMGT]?)(?P<binary>i?)B")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def parse_size(text: str) -> int:
    """The number of bytes of `4 GiB` (powers of 1024), `500 MB` (powers of 1000) or `1.5GB`.

    Args:
        text: a number, then B, KB, MB, GB, TB, KiB, MiB, GiB or TiB.

    Raises:
        ValueError: it is not such a text, or less than one byte.
    """
    match = _SIZE.fullmatch(text)
    if match is None or (match["binary"] and not match["unit"]):
        raise ValueError(f"{text!r} is not an amount of memory")
    size = int(float(match["number"]) * (1024 if match["binary"] else 1000) ** _POWERS[match["unit"]])
    if size < 1:
        raise ValueError(f"{text!r} is less than a byte")
    return size
