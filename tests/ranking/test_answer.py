"""The answer in sentences."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from deepfeat.ranking.answer import Answer, Members, answer
from deepfeat.ranking.carriers import Carriers
from deepfeat.ranking.convergence import Convergence, convergence
from deepfeat.ranking.skill import Skill, compare
from deepfeat.ranking.stability import Stability
from deepfeat.ranking.table import build_ranking

ALL = Members(trained=20, failed=0, skilless=0, averaged=20)
NOTHING = Stability(math.nan, math.nan, math.nan)
NO_CURVE = Convergence(pd.DataFrame(), None, None)


def skill(networks: float, linear: float = 0.9, members: int = 20, joint: float = math.nan) -> Skill:
    wiggle = np.linspace(-0.01, 0.01, members) if members > 1 else np.zeros(1)
    baselines = {
        "constant": np.full(members, 0.5),
        "linear": linear + wiggle[:10],
        "forest": 0.85 + wiggle[:10],
    }
    if math.isnan(joint):
        return compare("auc", networks + wiggle, baselines, 0.1)
    together, averaged = joint + wiggle[:10], networks + 0.03 + wiggle[:10]
    return compare("auc", networks + wiggle, baselines, 0.1, joint=together, averaged=averaged)


def ranking(members: int = 20, features: int = 4) -> pd.DataFrame:
    weights = np.linspace(1, 0.1, features)
    scores = weights * np.random.default_rng(0).gamma(50, size=(members, features))
    return build_ranking([f"gene {i}" for i in range(features)], {"m": scores}, resamples=100)


def test_the_sentences_to_quote() -> None:
    said = answer(ranking(), skill(0.9), ALL, NOTHING, NO_CURVE, top_k=1)
    assert said.usable is True
    first, second = said.headline
    assert first == (
        "Of 4 features, gene 0 (rank 1, 95 % interval 1 to 1), gene 1 (rank 2, 95 % interval 2 to 2) and "
        "gene 2 (rank 3, 95 % interval 3 to 3) matter most to 20 networks; the intervals say how far a rank "
        "would move with other networks."
    )
    assert second == (
        "On rows that they had not seen, the networks reached a mean area under the ROC curve (AUC) of 0.900 "
        "(95 % interval 0.895 to 0.905), beside 0.500 for a constant, 0.895 for a generalised linear model "
        "and 0.845 for a random forest on the same splits."
    )
    assert said.details == ()


def test_what_controls_found_is_said_last() -> None:
    members = Members(trained=20, failed=2, skilless=0, averaged=18)
    found = "0 of 4 features are more important than the best of 4 shuffled copies in most of 2 networks."
    said = answer(ranking(), skill(0.9), members, NOTHING, NO_CURVE, top_k=1, controls=[found])
    assert len(said.details) == 2
    assert said.details[-1] == found


def test_only_what_the_controls_found_is_said_to_matter() -> None:
    def first(*found: str) -> str:
        return answer(ranking(), skill(0.9), ALL, NOTHING, NO_CURVE, top_k=1, found=found).headline[0]

    two = first("gene 0", "gene 1", "gene 3")
    assert (
        "gene 0 (rank 1, 95 % interval 1 to 1) and gene 1 (rank 2, 95 % interval 2 to 2) matter most" in two
    )
    assert first("gene 1").startswith("Of 4 features, gene 0 (rank 1, 95 % interval 1 to 1) matters most to")
    assert first(*(f"gene {i}" for i in range(4))).count("gene") == 3


def test_why_a_joint_prediction_that_is_good_does_not_count() -> None:
    poor = np.linspace(0.49, 0.51, 10)
    baselines = {"constant": np.full(10, 0.5), "linear": poor}
    found = compare("auc", poor, baselines, 0.1, joint=poor + 0.4, averaged=poor)
    said = weighted(0.2, found=found)
    assert (said.usable, said.verdict) == (False, "no_skill")
    assert said.headline[0].endswith(
        "must not be used; none of them predicts better by itself, and how to join them was chosen on the "
        "rows that judge the joint prediction."
    )


def test_who_was_scored_on_fewer_splits_is_not_said_to_have_been_on_the_same() -> None:
    wiggle = np.linspace(-0.01, 0.01, 5)
    baselines = {"constant": np.full(5, 0.5), "linear": 0.9 + wiggle}
    found = compare("auc", 0.9 + wiggle, baselines, 0.1, joint=0.93 + wiggle[:4], averaged=0.92 + wiggle)
    assert weighted(0.2, found=found).headline[1].endswith("on 5 splits, of which theirs are 4.")


def test_without_skill_there_is_nothing_to_rank() -> None:
    said = answer(ranking(), skill(0.5), ALL, NOTHING, NO_CURVE, top_k=1)
    assert said.usable is False
    assert said.headline[0].startswith(
        "There is nothing to rank: on rows that they had not seen, the networks"
    )
    assert "must not be used" in said.headline[0]
    assert "0.500" in said.headline[1]
    assert "gene 0" not in " ".join(said.headline)


def test_where_nothing_is_held_out_it_is_said_which_rows_the_scores_are_on() -> None:
    def said(networks: float) -> Answer:
        found = replace(skill(networks), held_out=False)
        return answer(ranking(), found, Members(20, 0, 3, 17), NOTHING, NO_CURVE, top_k=1)

    assert said(0.9).headline[1].startswith("On the rows that decided when training stopped, the networks")
    assert (
        said(0.5).headline[0].startswith("There is nothing to rank: on the rows that decided when training")
    )
    assert (
        said(0.9)
        .details[0]
        .startswith(
            "Networks that do not beat a constant on the rows that decided when their training stopped, and "
        )
    )
    everything = " ".join([*said(0.9).headline, *said(0.5).headline, *said(0.9).details])
    assert "not seen" not in everything
    assert "held" not in everything


def test_one_joint_score_of_one_split_tells_nothing_of_other_rows() -> None:
    one = {"constant": np.array([0.5])}
    found = compare("auc", np.linspace(0.8, 0.9, 20), one, 0.1, joint=np.array([0.95]), one_split=True)
    said = weighted(0.2, found=found)
    assert said.usable is None
    assert "a mean area under the ROC curve (AUC) of 0.950, beside" in said.headline[1]
    assert said.headline[1].endswith(
        "cannot be told from one split of the rows, which all networks share; give each a split of its own "
        "(training.split.method) before the ranking is used."
    )


def test_networks_that_agree_on_no_order_are_not_said_to_have_found_one() -> None:
    by_chance = Stability(0.002, -0.01, 0.01)
    said = answer(ranking(), skill(0.9), ALL, by_chance, NO_CURVE, top_k=1)
    assert said.usable is None
    assert said.verdict == "skill"
    assert said.headline[0] == (
        "The networks were not shown to agree on an order; gene 0, gene 1 and gene 2 come first, but could "
        "rank as low as 1, 2 and 3 of 4 (95 % intervals)."
    )
    (stable,) = said.details
    assert "stability 0.00 of 1 (95 % interval \N{MINUS SIGN}0.01 to 0.01;" in stable
    assert "-0" not in stable
    nearly = answer(ranking(), skill(0.9), ALL, Stability(0.3, 0.01, 0.6), NO_CURVE, top_k=1)
    assert nearly.usable is True
    # where others carry the ranking, the networks' choice by chance does not decide
    trees = Carriers({"trees": 0.9, "networks": 0.1}, ("trees",))
    found = skill(0.9, joint=0.95)
    carried = answer(ranking(), found, ALL, by_chance, NO_CURVE, top_k=1, carriers=trees)
    assert carried.usable is True


def test_a_first_feature_that_could_belong_to_the_lower_half_is_no_answer() -> None:
    table = ranking(features=13)
    for last, usable in ((7, True), (8, None)):
        table.loc[0, "rank_high"] = last
        said = answer(table, skill(0.9), ALL, NOTHING, NO_CURVE, top_k=4)
        assert said.usable is usable
    assert f"could rank as low as 8, {table['rank_high'][1]} and " in said.headline[0]
    forest = Carriers({"networks": 0.6, "forest": 0.4}, ("forest",))
    both = answer(table, skill(0.9, joint=0.95), ALL, NOTHING, NO_CURVE, top_k=4, carriers=forest)
    assert both.headline[0].startswith("20 networks (weight 0.60) and forest (0.40) were not shown to agree")
    # what must not be used is not softened by this
    assert answer(table, skill(0.5), ALL, NOTHING, NO_CURVE, top_k=4).usable is False


def test_numbers_below_nothing_have_a_minus_sign() -> None:
    found = compare("r2", np.array([0.5, 0.6, 0.4]), {"constant": np.array([-0.02, -0.01, -0.0])}, 0.1)
    said = answer(ranking(), found, ALL, Stability(-0.2, -0.5, -0.0001), NO_CURVE, top_k=1)
    assert "beside \N{MINUS SIGN}0.010 for a constant" in said.headline[1]
    assert "stability \N{MINUS SIGN}0.20 of 1 (95 % interval \N{MINUS SIGN}0.50 to 0.00;" in said.details[0]


def test_networks_that_are_clearly_worse_must_not_be_used() -> None:
    said = answer(ranking(), skill(0.6), ALL, NOTHING, NO_CURVE, top_k=1)
    assert said.usable is False
    assert said.headline[0].startswith(
        "The ranking must not be used: a generalised linear model predicts clearly better than the networks"
    )


def test_one_network_cannot_say_how_sure_it_is() -> None:
    one = Members(1, 0, 0, 1)
    said = answer(ranking(1), skill(0.9, members=1), one, NOTHING, NO_CURVE, top_k=1)
    assert said.usable is None
    assert "one network alone cannot say how sure that is" in said.headline[0]
    assert "cannot be told from so few networks" in said.headline[1]


def test_a_score_that_is_not_defined_and_a_single_feature() -> None:
    unknown = compare("auc", np.array([np.nan, np.nan]), {"constant": np.array([np.nan, np.nan])}, 0.1)
    said = answer(ranking(features=1), unknown, ALL, NOTHING, NO_CURVE, top_k=1)
    assert said.headline[0].startswith("gene 0 is the only feature")
    assert said.headline[1].startswith("How good the networks are is not known")


def test_what_it_rests_on() -> None:
    members = Members(trained=20, failed=2, skilless=3, averaged=15)
    curve = convergence(
        {"gate": np.linspace(0, 1, 8) + 0.01 * np.random.default_rng(0).normal(size=(15, 8))}, 2
    )
    said = answer(ranking(), skill(0.9), members, Stability(0.8, 0.7, 0.9), curve, top_k=2, kendall_w=0.75)
    failed, skilless, stable, enough, agreement = said.details
    assert failed == "Networks that failed, and are left out of every mean: 2 of 20."
    assert skilless == (
        "Networks that do not beat a constant on the rows that were held out from them, and are left out of "
        "every mean: 3 of 20."
    )
    assert stable == (
        "Single networks agree well on the top 2: stability 0.80 of 1 (95 % interval 0.70 to 0.90; Nogueira "
        "et al. 2018)."
    )
    assert enough == (
        "15 networks are enough: other ensembles of 1 or more give nearly the same ranking (correlation of "
        "importances at least 0.95 in 19 of 20 pairs)."
    )
    assert agreement == (
        "Agreement of the methods on the order of all features: Kendall's W = 0.75 (0 none, 1 the same "
        "order)."
    )
    (some,) = answer(
        ranking(), skill(0.9), ALL, NOTHING, NO_CURVE, top_k=2, kendall_w=0.75, all_count=False
    ).details
    assert some.startswith("Agreement of the methods that count on the order of all features:")
    kept = answer(ranking(), skill(0.9), Members(20, 0, 3, 20), NOTHING, NO_CURVE, top_k=2)
    assert kept.details[0].endswith("and are kept all the same: 3 of 20.")


def test_how_many_more_are_needed() -> None:
    some = Convergence(pd.DataFrame({"models": [10, 40]}), enough=False, recommended=40)
    none = Convergence(pd.DataFrame({"models": [10, 40]}), enough=False, recommended=None)
    members = Members(10, 0, 0, 10)
    (more,) = answer(ranking(), skill(0.9), members, NOTHING, some, top_k=1).details
    (hopeless,) = answer(ranking(), skill(0.9), members, NOTHING, none, top_k=1).details
    assert more.endswith("about 40 would be: set training.models: 40.")
    assert hopeless.endswith("and neither would be 40.")


def weighted(networks: float, *, found: Skill) -> Answer:
    shares = {"networks": networks, "my_trees": 0.75 * (1 - networks), "forest": 0.25 * (1 - networks)}
    ordered = dict(sorted(shares.items(), key=lambda item: -item[1]))
    carriers = Carriers(ordered, ("my_trees", "forest"))
    return answer(ranking(), found, ALL, NOTHING, NO_CURVE, top_k=1, carriers=carriers)


def test_it_is_said_who_carries_the_ranking() -> None:
    said = weighted(0.6, found=skill(0.9, joint=0.95))
    assert (said.usable, said.verdict, said.judged) == (True, "skill", "networks")
    assert said.headline[0].endswith(
        "matter most to 20 networks (weight 0.60), my trees (0.30) and forest (0.10); the intervals say how "
        "far a rank would move with other networks and splits of the rows."
    )
    assert said.headline[1].startswith("On rows that they had not seen, the networks reached a mean area")
    assert "beside 0.925 for their answers averaged, 0.945 for all models together, 0.500" in said.headline[1]
    assert said.details[0] == (
        "The ranking is the weighted mean of what matters to 20 networks (weight 0.60), my trees (0.30) and "
        "forest (0.10); the weights add up to 1."
    )


def test_where_others_carry_it_all_are_judged_together() -> None:
    said = weighted(0.2, found=skill(0.9, joint=0.95))
    assert (said.usable, said.verdict, said.judged) == (True, "skill", "joint")
    assert "matter most to my trees (weight 0.60), 20 networks (0.20) and forest (0.20)" in said.headline[0]
    assert said.headline[1] == (
        "On rows that they had not seen, they reached together a mean area under the ROC curve (AUC) of "
        "0.945 (95 % interval 0.942 to 0.948), beside 0.900 for the networks one by one, 0.925 for their "
        "answers averaged, 0.500 for a constant, 0.895 for a generalised linear model and 0.845 for a random "
        "forest on the same splits."
    )


def test_poor_networks_that_carry_little_leave_the_ranking_usable_but_not_their_own() -> None:
    worse = weighted(0.1, found=skill(0.6, joint=0.95))
    assert (worse.usable, worse.verdict, worse.judged) == (True, "skill", "joint")
    assert worse.headline[0].startswith("Of 4 features, gene 0")
    assert worse.headline[1].endswith(
        "Other models carry 0.90 of the ranking; a generalised linear model predicts clearly better than the "
        "networks, and what their methods say alone must not be used."
    )
    useless = weighted(0.0, found=skill(0.5, joint=0.95))
    assert useless.usable is True
    assert "20 networks" not in useless.headline[0]
    assert useless.headline[1].endswith(
        "Other models carry 1.00 of the ranking; the networks were not shown to predict better than a "
        "constant, and what their methods say alone must not be used."
    )


def test_poor_networks_that_carry_much_make_the_ranking_unusable() -> None:
    said = weighted(0.6, found=skill(0.6, joint=0.95))
    assert (said.usable, said.verdict, said.better) == (False, "worse", "linear")
    assert "clearly better than the networks" in said.headline[0]


def test_models_that_are_poor_together_must_not_be_used_either() -> None:
    nothing = weighted(0.2, found=skill(0.5, joint=0.5))
    assert (nothing.usable, nothing.verdict) == (False, "no_skill")
    assert nothing.headline[0] == (
        "There is nothing to rank: on rows that they had not seen, my trees (weight 0.60), 20 networks "
        "(0.20) and forest (0.20) together were not shown to predict better than a constant, so the order of "
        "the features must not be used."
    )
    worse = weighted(0.2, found=skill(0.6, joint=0.65))
    assert (worse.usable, worse.verdict, worse.better) == (False, "worse", "linear")
    assert "gene 0" not in " ".join(nothing.headline + worse.headline)


def test_what_is_said_of_single_networks_is_no_claim_about_the_rest_of_the_ranking() -> None:
    carriers = Carriers({"networks": 0.6, "forest": 0.4}, ("forest",))
    stable = Stability(0.2, 0.1, 0.3)

    def said(curve: Convergence, stable: Stability = stable) -> list[str]:
        found = skill(0.9, joint=0.95)
        told = answer(ranking(), found, ALL, stable, curve, top_k=2, carriers=carriers)
        return list(told.details[1:])

    sizes = pd.DataFrame({"models": [10, 40]})
    assert said(Convergence(sizes, enough=True, recommended=10)) == [
        (
            "By the methods that ask them, single networks agree poorly on the top 2: stability 0.20 of 1 "
            "(95 % interval 0.10 to 0.30; Nogueira et al. 2018)."
        ),
        (
            "20 networks are enough for their part of the ranking: other ensembles of 10 or more give "
            "nearly the same part (correlation of importances at least 0.95 in 19 of 20 pairs)."
        ),
    ]
    assert said(Convergence(sizes, enough=False, recommended=40))[1] == (
        "20 networks are not enough for their part of the ranking to repeat; about 40 would be: set "
        "training.models: 40."
    )
    assert said(NO_CURVE, NOTHING) == []
