"""docs/architecture.md shows the rooms that there are, in the order that the import contracts enforce."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}


def drawn() -> list[set[str]]:
    """The rooms of the picture, from the top; those of a line stand beside each other."""
    picture = re.search(r"## Rooms\n\n```text\n(.*?)```", PAGE, re.DOTALL).group(1)
    lines = re.findall(r"^ {3}([a-z]+(?: │ [a-z]+)*) {2,}\S", picture, re.MULTILINE)
    return [set(line.split(" │ ")) for line in lines]


def rooms() -> set[str]:
    """The parts of the package, without those that are only for its beginning."""
    package = ROOT / "deepfeat"
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    return folders | {path.stem for path in package.glob("*.py") if not path.stem.startswith("_")}


def test_the_picture_is_what_is_enforced() -> None:
    layers = [
        {name.strip().removeprefix("deepfeat.") for name in layer.split("|")}
        for layer in CONTRACTS["Rooms import downwards only"]["layers"]
    ]
    free = {
        name.removeprefix("deepfeat.")
        for name in CONTRACTS["Ranking and inference know arrays only"]["source_modules"]
    }
    assert drawn() == [*layers, free]


def test_every_room_is_in_the_picture_and_nothing_else() -> None:
    assert set().union(*drawn()) == rooms()


def test_who_knows_arrays_only_imports_no_room() -> None:
    forbidden = CONTRACTS["Ranking and inference know arrays only"]["forbidden_modules"]
    others = rooms() - {"ranking", "inference", "writing", "errors", "visible"}
    assert {f"deepfeat.{room}" for room in others} <= set(forbidden)
