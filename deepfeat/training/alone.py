"""How long plain Keras would take: what training networks one by one is compared with."""

from time import perf_counter
from weakref import WeakKeyDictionary

import numpy as np

from deepfeat.data.dataset import Dataset
from deepfeat.nets.template import Template

BATCH = 64
# Rows of the measured epoch; the time of a whole one follows from the number of steps.
ROWS = 32 * BATCH

_known: WeakKeyDictionary[Template, float] = WeakKeyDictionary()


def keras_step_seconds(template: Template, data: Dataset) -> float:
    """Seconds that `keras.Model.fit` takes for a step of 64 rows, measured once for each network.

    The network is compiled and has trained for an epoch before the clock starts; validation, shuffling
    and early stopping are left out, so the figure is in favour of plain Keras.

    Args:
        template: the network.
        data: a table that it fits.
    """
    if template not in _known:
        rows = np.resize(np.arange(data.n_rows), ROWS)
        x, y = data.x[rows], data.y[rows]
        model = template.member_model()
        model.compile(optimizer="adam", loss="mse")
        model.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
        start = perf_counter()
        model.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
        _known[template] = (perf_counter() - start) / (ROWS // BATCH)
    return _known[template]
