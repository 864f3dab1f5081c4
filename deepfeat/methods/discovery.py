"""Finds the plugins and loads each on its own: one that fails takes nothing else with it."""

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from os import pathsep
from pathlib import Path
from types import CodeType, ModuleType

ENTRY_POINTS = "deepfeat.v1"
PACKAGE = "deepfeat_plugins"
SHIPPED_VARIABLE = "DEEPFEAT_SHIPPED_PLUGINS"
EXTRA_VARIABLE = "DEEPFEAT_PLUGINS"


@dataclass(frozen=True)
class Plugin:
    """A plugin that was loaded.

    Attributes:
        name: the file without its suffix, or the name of the entry point.
        source: path of the file, or the distribution that brought it.
        version: of the distribution; of a file its `__version__`, or nothing.
        sha256: digest of the file that was executed.
        module: what was loaded.
    """

    name: str
    source: str
    version: str
    sha256: str
    module: object = field(repr=False)


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin, or a part of one, that cannot be used.

    Attributes:
        name: as of a `Plugin`.
        source: as of a `Plugin`.
        error: what is wrong, in one line.
        traceback: where it happened; empty where that says nothing.
        provides: names of the methods or networks that are missing because of it, where they are known.
    """

    name: str
    source: str
    error: str
    traceback: str = field(default="", repr=False)
    provides: tuple[str, ...] = ()

    @classmethod
    def because(cls, name: str, source: str, error: BaseException) -> "BrokenPlugin":
        """A plugin that raised."""
        lines = str(error).strip().splitlines()
        first = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        return cls(name, source, first, "".join(traceback.format_exception(error)))


def discover(paths: Iterable[Path], environ: Mapping[str, str]) -> list[Plugin | BrokenPlugin]:
    """Loads every plugin: the shipped ones, those of `paths` and the environment, and the installed ones.

    Args:
        paths: directories or files, as the experiment names them.
        environ: environment variables; `DEEPFEAT_PLUGINS` names more directories or files, and
            `DEEPFEAT_SHIPPED_PLUGINS` the directory of the shipped ones where it is not beside the package.

    Returns:
        In this order, and within a directory or the installed ones sorted by name.
    """
    extra = [Path(part) for part in environ.get(EXTRA_VARIABLE, "").split(pathsep) if part]
    found: list[Plugin | BrokenPlugin] = []
    seen: dict[Path, Path] = {}
    by_stem: dict[str, Path] = {}
    for path in _files([*_shipped(environ), *paths, *extra]):
        if path.resolve() in seen:
            continue
        seen[path.resolve()] = path
        if not path.is_file():
            found.append(BrokenPlugin(path.stem, str(path), "there is no such file or directory"))
        elif path.stem in by_stem:
            # The module's name is made from the stem; and which of the two was meant?
            error = f"{by_stem[path.stem]} has the same name; rename one of the two files"
            found.append(BrokenPlugin(path.stem, str(path), error))
        else:
            by_stem[path.stem] = path
            found.append(load_file(path))
    installed = sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: (entry.name, entry.value))
    return found + [load_entry_point(entry) for entry in installed]


def load_file(path: Path) -> Plugin | BrokenPlugin:
    """Executes one plugin file as `deepfeat_plugins.<stem>`.

    Its directory never comes on `sys.path`, where a file could shadow a library of the same name.

    Args:
        path: a Python file.
    """
    name = f"{PACKAGE}.{path.stem}"
    try:
        loader = _HashedSource(name, path)
        module = _new_module(name, loader)
        loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything, or try to exit
        sys.modules.pop(name, None)
        return BrokenPlugin.because(path.stem, str(path), error)
    return Plugin(path.stem, str(path), str(getattr(module, "__version__", "")), loader.sha256, module)


def load_entry_point(entry: EntryPoint) -> Plugin | BrokenPlugin:
    """Imports the module that an installed distribution registers.

    Args:
        entry: an entry point of the group `deepfeat.v1`.
    """
    source = entry.dist.name if entry.dist else entry.module
    try:
        module = entry.load()
        file = sys.modules[entry.module].__file__
        sha256 = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
        return BrokenPlugin.because(entry.name, source, error)
    return Plugin(entry.name, source, entry.dist.version if entry.dist else "", sha256, module)


class _HashedSource(SourceFileLoader):
    """Executes exactly the bytes whose digest it gives: no cached bytecode, no second reading of the file."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, str(path))
        self._source = path.read_bytes()
        self.sha256 = hashlib.sha256(self._source).hexdigest()

    def get_code(self, fullname: str) -> CodeType:
        """The compiled source."""
        del fullname
        return self.source_to_code(self._source, self.path)


def _new_module(name: str, loader: _HashedSource) -> ModuleType:
    """An empty module that can already be found: dataclasses look theirs up while it is executed."""
    spec = importlib.util.spec_from_file_location(name, loader.path, loader=loader)
    if spec is None:
        raise ImportError(f"{loader.path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    parent = sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE, "The plugin files that were loaded."))
    setattr(parent, name.removeprefix(f"{PACKAGE}."), module)
    sys.modules[name] = module
    return module


def _shipped(environ: Mapping[str, str]) -> list[Path]:
    """The directory of the shipped plugins, where there is one."""
    named = environ.get(SHIPPED_VARIABLE)
    directory = Path(named) if named else Path(__file__).parents[2] / "plugins"
    return [directory] if named or directory.is_dir() else []


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """The plugin files of directories, sorted, without those that begin with `_`; other paths as they are."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        else:
            yield path
