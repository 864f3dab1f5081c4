"""The networks of the package itself, registered by the same hook as those of any plugin."""

import sys
from collections.abc import Iterable

from deepfeat.methods.hookspecs import hookimpl
from deepfeat.methods.plugin import Plugin
from deepfeat.nets.network import Network
from deepfeat.nets.presets import PRESETS


@hookimpl
def deepfeat_networks() -> Iterable[type[Network]]:
    """The presets that ship with deepfeat."""
    return PRESETS.values()


BUILTIN = Plugin("deepfeat", "deepfeat", version="", sha256="", module=sys.modules[__name__])
