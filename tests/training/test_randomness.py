"""Random numbers that belong to a member."""

from hypothesis import given
from hypothesis import strategies as st

from deepfeat.training.randomness import ORDER, SPLIT, member_seed, stream


def test_seeds_are_those_of_earlier_versions() -> None:
    # Saved results are named by their seeds: a change here makes every earlier run another one.
    assert [member_seed(0, "main", member) for member in range(2)] == [
        3614442443810734152,
        5871285552578119029,
    ]


@given(seed=st.integers(0, 1000), member=st.integers(0, 1000))
def test_every_part_of_its_name_makes_another_seed(seed: int, member: int) -> None:
    names = [
        (seed, "main", member),
        (seed + 1, "main", member),
        (seed, "other", member),
        (seed, "main", member + 1),
    ]
    seeds = [member_seed(*name) for name in names]
    assert len(set(seeds)) == 4
    assert all(0 <= seed < 1 << 63 for seed in seeds)


def test_streams_of_a_member_are_independent_of_each_other() -> None:
    again, order, split = (stream(5, purpose).random(4).tolist() for purpose in (ORDER, ORDER, SPLIT))
    assert again == order != split
