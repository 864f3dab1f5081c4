import pytest

from deepfeat.config import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1 B", 1),
        ("512 MB", 512_000_000),
        ("4 GiB", 4 * 2**30),
        ("1.5GB", 1_500_000_000),
        ("0.5 KiB", 512),
        ("2TiB", 2**41),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "4", "4 gb", "GiB", "4  GiB", "-1 GB", "1 iB", "0 MB", "0.1 B", "1e3 MB", "4 GiB "]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is "):
        parse_size(text)
