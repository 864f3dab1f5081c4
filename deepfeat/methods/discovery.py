"""Finds the plugins and loads each on its own: one that fails takes nothing else with it."""

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from os import pathsep
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType

from deepfeat.config.home import expand_home
from deepfeat.methods import trial
from deepfeat.methods.plugin import BrokenPlugin, Plugin

ENTRY_POINTS = "deepfeat.v1"
PACKAGE = "deepfeat_plugins"
SHIPPED_VARIABLE = "DEEPFEAT_SHIPPED_PLUGINS"
EXTRA_VARIABLE = "DEEPFEAT_PLUGINS"


def discover(
    paths: Iterable[Path],
    environ: Mapping[str, str],
    *,
    pins: Mapping[Path, str] = MappingProxyType({}),
    examine: Callable[[Plugin], object] = lambda _: None,
) -> list[Plugin | BrokenPlugin]:
    """Loads every plugin: the shipped ones, those of `paths` and the environment, and the installed ones.

    All are loaded in a copy of this process first, where that is possible, so that none can end this one.

    Args:
        paths: directories or files, as the experiment names them.
        environ: environment variables; `DEEPFEAT_PLUGINS` names more directories or files, and
            `DEEPFEAT_SHIPPED_PLUGINS` the directory of the shipped ones where it is not beside the package.
        pins: sha256 digests that files must have to be executed, by resolved path.
        examine: what will be done with a plugin that was loaded, for the copy to try.

    Returns:
        In this order, and within a directory or the installed ones sorted by name.
    """
    extra = [expand_home(part) for part in environ.get(EXTRA_VARIABLE, "").split(pathsep) if part]
    loads: list[tuple[str, str, trial.Load]] = []
    seen: dict[Path, Path] = {}
    by_stem: dict[str, Path] = {}
    for path in plugin_files([*_shipped(environ), *paths, *extra]):
        resolved = path.resolve()
        if resolved in seen:
            continue
        seen[resolved] = path
        broken = partial(BrokenPlugin, path.stem, str(path))
        if not path.is_file():
            loads.append((path.stem, str(path), partial(broken, "there is no such file or directory")))
        elif path.stem in by_stem:
            # The module's name is made from the stem; and which of the two was meant?
            error = f"{by_stem[path.stem]} has the same name; rename one of the two files"
            loads.append((path.stem, str(path), partial(broken, error)))
        else:
            by_stem[path.stem] = path
            loads.append((path.stem, str(path), partial(load_file, path, pins.get(resolved))))
    installed = sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: (entry.name, entry.value))
    loads += [(entry.name, _source(entry), partial(load_entry_point, entry)) for entry in installed]
    unusable = trial.tried(loads, examine) if trial.is_possible() else {}
    return [unusable[place] if place in unusable else load() for place, (_, _, load) in enumerate(loads)]


def load_file(path: Path, sha256: str | None = None) -> Plugin | BrokenPlugin:
    """Executes one plugin file as `deepfeat_plugins.<stem>`.

    Its directory never comes on `sys.path`, where a file could shadow a library of the same name.

    Args:
        path: a Python file.
        sha256: the digest that it must have to be executed; None takes any.
    """
    name = f"{PACKAGE}.{path.stem}"
    try:
        loader = _HashedSource(name, path)
        if sha256 is not None and loader.sha256 != sha256:
            return BrokenPlugin(path.stem, str(path), f"its sha256 is {loader.sha256}, expected {sha256}")
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
    source = _source(entry)
    try:
        module = entry.load()
        file = sys.modules[entry.module].__file__
        sha256 = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
        return BrokenPlugin.because(entry.name, source, error)
    return Plugin(entry.name, source, entry.dist.version if entry.dist else "", sha256, module)


def load_again(name: str, source: str, sha256: str) -> Plugin | BrokenPlugin:
    """Loads a plugin that another process has loaded.

    Args:
        name: as of the `Plugin` there.
        source: as of the `Plugin` there; the path of a file must be absolute.
        sha256: as of the `Plugin` there; one that has changed since is broken.
    """
    if Path(source).is_absolute():
        return load_file(Path(source), sha256)
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        loaded = load_entry_point(entry)
        if loaded.source == source:
            return loaded
    return BrokenPlugin(name, source, "it is not installed any more")


def _source(entry: EntryPoint) -> str:
    """The distribution that registers it."""
    return entry.dist.name if entry.dist else entry.module


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


def plugin_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The plugin files of directories, sorted, without those that begin with `_`; other paths as they are."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        else:
            yield path
