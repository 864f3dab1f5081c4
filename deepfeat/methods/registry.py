"""What is installed: the methods and networks of every plugin, and the plugins that could not be used."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from deepfeat.config.load import LoadedExperiment
from deepfeat.config.schema import MethodEntry
from deepfeat.errors import InputError, Problem, did_you_mean
from deepfeat.methods.builtin import BUILTIN
from deepfeat.methods.discovery import discover
from deepfeat.methods.manager import PluginManager
from deepfeat.methods.method import Method, MethodParams, contract_faults, summary
from deepfeat.methods.plugin import BrokenPlugin, Plugin
from deepfeat.nets.network import Network


@dataclass(frozen=True)
class MethodInfo:
    """A method and where it comes from.

    Attributes:
        name: the name of the method.
        doc: the first line of its docstring.
        kind: `member` or `experiment`.
        cost: what its time is spent on.
        source: path of its file, or the distribution that brought it.
        version: of the plugin, or nothing.
        sha256: digest of the plugin's file.
    """

    name: str
    doc: str
    kind: str
    cost: str
    source: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Registry:
    """The methods and networks that an experiment can name, by name and sorted.

    Attributes:
        methods: the methods.
        networks: the networks.
        info: where each method comes from.
        sources: the plugin that each method and each network comes from.
        broken: what could not be used, and why.
    """

    methods: Mapping[str, type[Method]] = field(default_factory=dict)
    networks: Mapping[str, type[Network]] = field(default_factory=dict)
    info: Mapping[str, MethodInfo] = field(default_factory=dict)
    sources: Mapping[type[Method] | type[Network], Plugin] = field(default_factory=dict)
    broken: Sequence[BrokenPlugin] = ()

    def needed(self, *kinds: type[Method] | type[Network]) -> list[Plugin]:
        """The plugins that some methods and networks come from, each once; the package itself is none.

        Args:
            kinds: classes of this registry.
        """
        found = {plugin.source: plugin for kind in kinds if (plugin := self.sources.get(kind)) is not None}
        return [plugin for plugin in found.values() if plugin is not BUILTIN]

    def missing(self, name: str, what: str = "method") -> str:
        """Why nothing of this name can be used, and what to do; an empty text if it can.

        A broken plugin counts when it bears the name, even if another plugin offers something of that name:
        which one was meant is not for us to guess.

        Args:
            name: what the experiment asks for.
            what: `method` or `network`.
        """
        for plugin in self.broken:
            if name == plugin.name or name in plugin.provides:
                cure = "mend or remove that plugin"
                if plugin.lacks:
                    cure = f"install {plugin.lacks}, or remove that plugin"
                return f"{what} {name} cannot be used: {plugin.source}: {plugin.error}; {cure}"
        known: Iterable[str] = self.networks if what == "network" else self.methods
        if name in known:
            return ""
        message = f"unknown {what} {name}; {did_you_mean(name, known)}"
        if self.broken:
            reasons = {plugin.source: f"{plugin.source}: {plugin.error}" for plugin in self.broken}
            message += f" (plugins that cannot be used: {'; '.join(reasons.values())})"
        return message

    def resolve(
        self, entries: Sequence[MethodEntry], loaded: LoadedExperiment
    ) -> list[tuple[type[Method], MethodParams]]:
        """The methods that an experiment asks for, with their parameters.

        Args:
            entries: as in the experiment.
            loaded: tells where they are written.

        Returns:
            In the order of the experiment.

        Raises:
            InputError: an unknown method, a wrong parameter, or a place of plugins that does not exist; all
                faults at once, each with its line.
        """
        problems = _misplaced(loaded)
        resolved: list[tuple[type[Method], MethodParams]] = []
        for index, entry in enumerate(entries):
            if problem := self.missing(entry.name):
                problems.append(loaded.problem(("methods", index), problem))
                continue
            method = self.methods[entry.name]
            try:
                # As JSON: then a list is good for a tuple, and a word for one of an enumeration.
                resolved.append((method, method.Params.model_validate_json(json.dumps(entry.params))))
            except ValidationError as error:
                path = ("methods", index, entry.name)
                problems += loaded.problems(path, error, method.Params, entry.params)
        if problems:
            raise InputError(problems)
        return resolved


def load_plugins(loaded: LoadedExperiment) -> Registry:
    """The registry of an experiment, without the plugins that have another digest than it says.

    Args:
        loaded: the experiment.
    """
    entries = [(loaded.resolve_path(entry.path), entry.sha256) for entry in loaded.experiment.plugins]
    pins = {path.resolve(): sha256 for path, sha256 in entries if sha256 is not None}
    return load_registry([path for path, _ in entries], environ=loaded.environ, pins=pins)


def _misplaced(loaded: LoadedExperiment) -> list[Problem]:
    """What is wrong with the places that an experiment names, and with the digests of the files there."""
    problems = []
    for index, entry in enumerate(loaded.experiment.plugins):
        path = loaded.resolve_path(entry.path)
        if not path.exists():
            problems.append(
                loaded.problem(("plugins", index), f"there is no {path}; correct the path, or remove it")
            )
        elif entry.sha256 is not None:
            where = ("plugins", index, "sha256")
            if not path.is_file():
                problems.append(loaded.problem(where, f"{path} is no file; name the file that is pinned"))
            elif (found := hashlib.sha256(path.read_bytes()).hexdigest()) != entry.sha256:
                message = f"{path} has {found}; look at what has changed in it, and pin that, or restore it"
                problems.append(loaded.problem(where, message))
    return problems


@dataclass(frozen=True)
class _Offer:
    """A class, and the plugin that offers it."""

    plugin: Plugin
    found: Any


def load_registry(
    paths: Iterable[Path] = (),
    *,
    environ: Mapping[str, str] = os.environ,
    pins: Mapping[Path, str] = MappingProxyType({}),
) -> Registry:
    """Finds and loads all plugins; the networks of the package itself come first.

    Args:
        paths: the directories and files that the experiment names.
        environ: environment variables, see `discover`.
        pins: digests that files must have, see `discover`.

    Returns:
        A registry; a plugin that fails is listed in it, and nothing is raised.
    """

    def examine(plugin: Plugin) -> None:
        _classes(PluginManager(), plugin)

    return build_registry([BUILTIN, *discover(paths, environ, pins=pins, examine=examine)])


def build_registry(plugins: Iterable[Plugin | BrokenPlugin]) -> Registry:
    """Collects what plugins bring.

    Args:
        plugins: in the order in which they are asked, which decides nothing but the wording of errors.

    Returns:
        A registry. A name that two plugins claim belongs to neither.
    """
    manager = PluginManager()
    broken: list[BrokenPlugin] = []
    methods: list[_Offer] = []
    networks: list[_Offer] = []
    for plugin in plugins:
        if isinstance(plugin, BrokenPlugin):
            broken.append(plugin)
            continue
        try:
            its_methods, its_networks = _classes(manager, plugin)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything, or try to exit
            broken.append(BrokenPlugin.because(plugin.name, plugin.source, error))
            continue
        methods += [_Offer(plugin, found) for found in its_methods]
        networks += [_Offer(plugin, found) for found in its_networks]
    methods_by_name = _by_name(methods, "method", contract_faults, broken)
    networks_by_name = _by_name(networks, "network", _unnamed, broken)
    return Registry(
        methods={name: offer.found for name, offer in methods_by_name.items()},
        networks={name: offer.found for name, offer in networks_by_name.items()},
        info={name: _info(offer) for name, offer in methods_by_name.items()},
        sources={
            offer.found: offer.plugin for offer in (*methods_by_name.values(), *networks_by_name.values())
        },
        broken=tuple(broken),
    )


def _classes(manager: PluginManager, plugin: Plugin) -> tuple[list[type[Any]], list[type[Any]]]:
    """The methods and the networks that a plugin offers; raises whatever its hooks raise."""
    manager.add(plugin.module, f"{plugin.name} of {plugin.source}")
    methods = manager.classes(plugin.module, "deepfeat_methods", Method)
    return methods, manager.classes(plugin.module, "deepfeat_networks", Network)


def _by_name(
    offers: Iterable[_Offer], what: str, faults: Callable[[Any], list[str]], broken: list[BrokenPlugin]
) -> dict[str, _Offer]:
    """The offers by name, sorted; those that cannot be used are added to `broken`."""
    named: dict[str, _Offer] = {}
    claimed_twice: set[str] = set()
    for offer in offers:
        plugin, name = offer.plugin, getattr(offer.found, "name", None)
        provides = (name,) if isinstance(name, str) else ()
        if found := faults(offer.found):
            error = f"class {offer.found.__name__}: {'; '.join(found)}"
            broken.append(BrokenPlugin(plugin.name, plugin.source, error, provides=provides))
        elif first := named.get(offer.found.name):
            error = f"{what} {offer.found.name} is also in {first.plugin.source}; rename one of the two"
            broken.append(BrokenPlugin(plugin.name, plugin.source, error, provides=provides))
            claimed_twice.add(offer.found.name)
        else:
            named[offer.found.name] = offer
    return {name: named[name] for name in sorted(named.keys() - claimed_twice)}


def _unnamed(network: type[Network]) -> list[str]:
    return [] if isinstance(getattr(network, "name", None), str) else ['it has no name; add name = "..."']


def _info(offer: _Offer) -> MethodInfo:
    method, plugin = offer.found, offer.plugin
    return MethodInfo(
        name=method.name,
        doc=summary(method),
        kind=method.kind,
        cost=method.cost.value,
        source=plugin.source,
        version=plugin.version,
        sha256=plugin.sha256,
    )
