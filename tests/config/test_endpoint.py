"""How a place at which others connect is written."""

import pytest

from deepfeat.config.endpoint import parse_endpoint


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("head", "head", 0),
        ("head.example.org:8786", "head.example.org", 8786),
        ("10.0.0.1", "10.0.0.1", 0),
        ("10.0.0.1:0", "10.0.0.1", 0),
        ("fd00::5", "[fd00::5]", 0),
        ("::1", "[::1]", 0),
        ("[fd00::5]", "[fd00::5]", 0),
        ("[fd00::5]:8786", "[fd00::5]", 8786),
        ("fe80::1%eth0", "[fe80::1%eth0]", 0),
    ],
)
def test_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert parse_endpoint(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "head:auto",
        "head:",
        ":8786",
        "head:-1",
        "head:65536",
        "head:123456",
        "head:1:2",
        "tcp://head:8786",
        "my head",
        "[head]:8786",
        "[fd00::5",
        "[fd00::5]8786",
        "fd00::5::8786",
        "",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - who asks knows what it is about
        parse_endpoint(text)
