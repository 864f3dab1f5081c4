"""What tells one table, and one column, from another."""

from deepfeat.data.dataset import Feature
from deepfeat.data.digest import column_keys


def test_the_key_of_a_column_does_not_depend_on_other_columns() -> None:
    features = (Feature("a", 0, 1), Feature("b", 1, 4, ("x", "y", "z")), Feature("c", 4, 6))
    keys = column_keys(features)
    assert len(set(keys)) == 6
    assert all(0 <= key < 2**64 for key in keys)
    assert column_keys((Feature("b", 0, 2, ("x", "z")), Feature("c", 2, 4))) == (keys[1], keys[3], *keys[4:])
