"""Asks plugins for their classes, one plugin at a time: one that raises silences no other."""

import inspect
from types import ModuleType
from typing import Any

import pluggy

from deepfeat.errors import did_you_mean
from deepfeat.methods import hookspecs

_PREFIX = f"{hookspecs.PROJECT}_"
_PLAIN = pluggy.HookimplOpts(
    wrapper=False, hookwrapper=False, optionalhook=False, tryfirst=False, trylast=False, specname=None
)
_HOOKS = tuple(name for name in vars(hookspecs) if name.startswith(_PREFIX))


class PluginManager(pluggy.PluginManager):
    """A pluggy manager that takes every function named `deepfeat_...` for a hook.

    Forgetting the decorator `@hookimpl`, or misspelling a hook, is then no silent fault.
    """

    def __init__(self) -> None:
        super().__init__(hookspecs.PROJECT)
        self.add_hookspecs(hookspecs)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """How an attribute of a plugin implements a hook, or None if it does not."""
        options = super().parse_hookimpl_opts(plugin, name)
        if options is None and name.startswith(_PREFIX) and inspect.isfunction(getattr(plugin, name)):
            return _PLAIN.copy()
        return options

    def add(self, plugin: object, name: str) -> None:
        """Registers a plugin.

        Args:
            plugin: a module, or anything with hooks as attributes.
            name: a name that no other plugin has.

        Raises:
            LookupError: it implements a hook that does not exist; the nearest one is suggested.
            pluggy.PluginValidationError: a hook asks for an argument that it does not have.
        """
        self.register(plugin, name)
        # What check_pending() looks for; that one stops at the first and knows no better name.
        unknown = [
            caller.name
            for caller in self.get_hookcallers(plugin) or ()
            if not caller.has_spec()
            and any(hook.plugin is plugin and not hook.optionalhook for hook in caller.get_hookimpls())
        ]
        if unknown:
            hints = (f"unknown hook {name}; {did_you_mean(name, _HOOKS)}" for name in unknown)
            raise LookupError(", ".join(hints))

    def classes(self, plugin: object, hook: str, base: type) -> list[type[Any]]:
        """The classes that a plugin offers: through its hook or, where it has none, by defining them.

        Args:
            plugin: a plugin that was added.
            hook: name of the hook that returns such classes.
            base: what they are subclasses of.

        Raises:
            TypeError: the hook returned something else.
            Exception: whatever the hook raised.
        """
        if any(caller.name == hook for caller in self.get_hookcallers(plugin) or ()):
            others = [other for other in self.get_plugins() if other is not plugin]
            found = [item for answer in self.subset_hook_caller(hook, others)() for item in answer]
        else:
            found = _defined_in(plugin, base) if isinstance(plugin, ModuleType) else []
        for item in found:
            if not (inspect.isclass(item) and issubclass(item, base)):
                raise TypeError(f"{hook} returned {item!r}; return subclasses of {base.__name__}")
        return list(dict.fromkeys(found))


def _defined_in(module: ModuleType, base: type) -> list[type[Any]]:
    """The public, concrete subclasses that a module defines (not those that it imports), in their order."""
    return [
        item
        for name, item in vars(module).items()
        if inspect.isclass(item)
        and issubclass(item, base)
        and item.__module__ == module.__name__
        and not inspect.isabstract(item)
        and not name.startswith("_")
    ]
