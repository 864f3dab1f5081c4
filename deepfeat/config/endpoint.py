"""A place at which others connect: `head.example.org`, `10.0.0.1:8786`, `fd00::5`, `[fd00::5]:8786`."""

import re
from contextlib import suppress
from ipaddress import IPv6Address

_NAMED = re.compile(r"(?P<host>[^\s:/@\[\]]+)(?::(?P<port>\d{1,5}))?")
_BRACKETED = re.compile(r"(?P<host>\[[^\s\[\]]+\])(?::(?P<port>\d{1,5}))?")
_LAST_PORT = 65535


def parse_endpoint(text: str) -> tuple[str, int]:
    """Name or address of a machine, and a port.

    An address of IPv6 has colons of its own: it stands alone, or in brackets if a port follows.

    Args:
        text: as it is written.

    Returns:
        The host, an address of IPv6 in brackets, and the port; 0, which stands for any that is free, where
        none is given.

    Raises:
        ValueError: it is no such place.
    """
    if _is_ipv6(text):
        return f"[{text}]", 0
    match = _NAMED.fullmatch(text) or _BRACKETED.fullmatch(text)
    if match is None or (match["host"].startswith("[") and not _is_ipv6(match["host"][1:-1])):
        raise ValueError(text)
    port = int(match["port"] or 0)
    if port > _LAST_PORT:
        raise ValueError(text)
    return match["host"], port


def _is_ipv6(text: str) -> bool:
    with suppress(ValueError):
        IPv6Address(text)
        return True
    return False
