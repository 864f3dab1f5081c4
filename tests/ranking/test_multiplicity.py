"""Adjusted p-values."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.ranking.multiplicity import adjusted

# Benjamini and Hochberg (1995), section 4.1: the fifteen p-values of the thrombolysis trial
TRIAL = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
    *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
]


def test_the_published_example() -> None:
    assert (adjusted(TRIAL, "bh") <= 0.05).sum() == 4
    assert (adjusted(TRIAL, "holm") <= 0.05).sum() == 3
    np.testing.assert_allclose(adjusted([0.01, 0.02, 0.03], "bh"), 0.03)
    np.testing.assert_allclose(adjusted([0.01, 0.02, 0.03], "holm"), [0.03, 0.04, 0.04])
    np.testing.assert_allclose(adjusted([0.01, 0.02, 0.03], "by"), 0.03 * (1 + 1 / 2 + 1 / 3))


@pytest.fixture(scope="module")
def no_collection() -> Iterator[None]:
    """For every list that it adjusts by Holm statsmodels searches all that is loaded for garbage."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gc, "collect", lambda: 0)
        yield


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_an_adjusted_p_value_is_never_smaller_and_order_is_kept(
    no_collection: None, values: list[float]
) -> None:
    for how in ("bh", "holm", "by"):
        after = adjusted(values, how)
        assert np.all(after >= np.array(values) - 1e-12)
        assert np.all(after <= 1)
        assert np.all(np.diff(after[np.argsort(values)]) >= -1e-12)


def test_what_was_not_tested_does_not_count() -> None:
    np.testing.assert_array_equal(adjusted([0.01, np.nan, 0.02]), [0.02, np.nan, 0.02])
    assert np.isnan(adjusted([np.nan])).all()
    assert adjusted([]).shape == (0,)


@pytest.mark.parametrize(
    ("values", "how", "reason"),
    [([1.5], "bh", "outside 0 to 1"), ([[0.5]], "bh", "of shape"), ([0.5], "sidak", "unknown adjustment")],
)
def test_what_cannot_be_adjusted_is_refused(values: list, how: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        adjusted(values, how)
