"""Making deepfeat's layers known to Keras without importing Keras.

Keras opens a saved model only if its custom layers were registered before. Importing Keras takes seconds,
which `deepfeat --help` must not, so the registration waits until somebody else imports Keras.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_LAYERS = ("deepfeat.nets.gate", "deepfeat.nets.standardize", "deepfeat.nets.losses")


def register_with_keras() -> None:
    """Register now where Keras is loaded already, else as soon as it is."""
    if "keras" in sys.modules:
        _register()
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())


def _register() -> None:
    for module in _LAYERS:
        import_module(module)


class _AfterKeras(MetaPathFinder):
    """Finds nothing by itself; when Keras is first looked for, has the layers registered afterwards."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of Keras with a loader that also registers, None for every other module."""
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader)
        return spec


class _RegisteringLoader(Loader):
    """Loads a module as its own loader does, then registers the layers."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """See `importlib.abc.Loader`."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """See `importlib.abc.Loader`."""
        self._loader.exec_module(module)
        _register()
