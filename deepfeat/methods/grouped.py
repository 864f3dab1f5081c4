"""Groups of rows that belong together, and methods that cannot respect them."""

from deepfeat.data.dataset import Dataset
from deepfeat.methods.context import Context
from deepfeat.methods.importance import MethodError


def refuse_groups(data: Dataset, context: Context, instead: str) -> None:
    """Refuse a table with groups of rows, for a method that draws rows independently of each other.

    Args:
        data: the table.
        context: of the method that asks.
        instead: the methods to use there.

    Raises:
        MethodError: there are groups.
    """
    if data.groups is not None:
        raise MethodError(
            f"{context.method} draws rows independently of each other, which rows of one group are not; use "
            f"{instead}"
        )
