"""What a network must fit to be trained on a table."""

from deepfeat.data.dataset import Dataset
from deepfeat.data.digest import column_keys
from deepfeat.nets.network import NetworkShape


def shape_of(data: Dataset) -> NetworkShape:
    """The shape of a table, and of the images that its rows are."""
    images = data.images
    return NetworkShape(
        tuple(data.column_feature.tolist()),
        data.n_outputs,
        data.task,
        image=None if images is None else images.shape,
        keys=column_keys(data.features),
        pixels=() if images is None or images.region == 1 else tuple(images.order.tolist()),
    )
