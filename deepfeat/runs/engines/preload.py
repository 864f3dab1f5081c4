"""What a worker of dask loads when it starts, so that it is there when the first task comes."""

from deepfeat.nets import device

# First, because it keeps from the screen what TensorFlow's libraries say of themselves while they load.
device.prepare()

from deepfeat.runs.engines import tasks  # noqa: E402, F401
