"""Writes a new method and its test, both of which pass as they are."""

import os
from importlib.resources import files
from pathlib import Path

from deepfeat.errors import InputError, Problem
from deepfeat.methods.method import NAME_PATTERN, RESERVED_NAMES
from deepfeat.methods.registry import Registry

_NAME, _CLASS = "example_method", "ExampleMethod"


def new_method(name: str, plugins: Path, tests: Path, registry: Registry) -> tuple[Path, Path]:
    """Writes `plugins/NAME.py` and `tests/test_NAME.py`.

    Args:
        name: of the method.
        plugins: directory of the plugin; made where it does not exist.
        tests: directory of its test; made where it does not exist.
        registry: the methods that there are.

    Returns:
        The two files.

    Raises:
        InputError: the name cannot be used or is taken, or a file exists or cannot be written; nothing is
            written then.
    """
    method, test = plugins / f"{name}.py", tests / f"test_{name}.py"
    if faults := _faults(name, registry, method, test):
        raise InputError(Problem("command line", 0, 0, fault) for fault in faults)
    class_name = "".join(word.capitalize() for word in name.split("_"))
    written: list[Path] = []
    try:
        for template, path in ((f"{_NAME}.py", method), (f"test_{_NAME}.py", test)):
            text = files(f"{__package__}.templates").joinpath(template).read_text(encoding="utf-8")
            text = text.replace(f'"{_NAME}.py"', f'"{Path(os.path.relpath(method, tests)).as_posix()}"')
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:  # never over what somebody wrote meanwhile
                written.append(path)
                file.write(text.replace(_NAME, name).replace(_CLASS, class_name))
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise InputError(Problem(str(error.filename or plugins), 0, 0, f"{error.strerror}")) from error
    return method, test


def _faults(name: str, registry: Registry, *paths: Path) -> list[str]:
    if not NAME_PATTERN.fullmatch(name):
        rule = "use lower case letters, digits and _, and begin with a letter"
        return [f"{name!r} cannot be the name of a method; {rule}"]
    if name in RESERVED_NAMES:
        return [f"{name} is a column of ranking.csv; choose another name"]
    if name in registry.methods:
        return [f"there is a method {name} in {registry.info[name].source}; choose another name"]
    return [f"{path} exists; choose another name, or remove it" for path in paths if path.exists()]
