"""What `~` stands for."""

from pathlib import Path

import pytest

from deepfeat.config.home import expand_home


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("~", "/home/me"),
        ("~/a/b", "/home/me/a/b"),
        ("a/~/b", "a/~/b"),
        ("/a", "/a"),
        ("a~", "a~"),
        ("~nobody-of-this-name/a", "~nobody-of-this-name/a"),
    ],
)
def test_the_home_directory(written: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert expand_home(written) == Path(meant)
    assert expand_home(Path(written)) == Path(meant)
