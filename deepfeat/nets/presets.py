"""The networks that come with deepfeat, by name; plugins add others."""

from deepfeat.nets.ashraf import Ashraf2021
from deepfeat.nets.cnn import Cnn
from deepfeat.nets.default import Default
from deepfeat.nets.network import Network

PRESETS: dict[str, type[Network]] = {network.name: network for network in (Default, Ashraf2021, Cnn)}
