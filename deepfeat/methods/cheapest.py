"""Which methods are asked again and again while networks are still being trained."""

from collections.abc import Iterable

from deepfeat.methods.method import Cost, Method


def cheapest_member_methods(methods: Iterable[type[Method]]) -> list[type[Method]]:
    """Of the methods that answer for each member, those that cost least.

    Args:
        methods: those of the experiment.

    Returns:
        One or more, in the order given; none where no method answers for each member.
    """
    every = [method for method in methods if method.kind == "member"]
    order = list(Cost)
    least = min((order.index(method.cost) for method in every), default=0)
    return [method for method in every if order.index(method.cost) == least]
