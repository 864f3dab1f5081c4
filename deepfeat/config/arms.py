"""Arms: variations of an experiment, each told by the settings that differ."""

from copy import deepcopy

from deepfeat.config.draft import Draft
from deepfeat.config.values import KeyPath, Value


def arm_draft(draft: Draft, arm: str) -> Draft:
    """The experiment of one arm: that of the draft, with the arm's settings in place of its own.

    Sections are merged key by key; lists and single values take the place of what was there. Where an arm
    names another preset of the network, nothing of the parameters of the other is left.

    Args:
        draft: the experiment, a mapping with this arm among its `arms`.
        arm: which.
    """
    changed = Draft(draft.source, deepcopy(draft.tree), dict(draft.places), spelled=dict(draft.spelled))
    tree = _section(changed.tree)
    settings = _section(tree.pop("arms")).get(arm)
    _merge(changed, tree, _section(settings), (), ("arms", arm))
    tree["name"] = f"{tree['name']}.{arm}"
    return changed


def _section(value: Value) -> dict[str, Value]:
    """The mapping that a value is; an arm without settings may be written as nothing."""
    return value if isinstance(value, dict) else {}


def _merge(
    draft: Draft, into: dict[str, Value], settings: dict[str, Value], path: KeyPath, home: KeyPath
) -> None:
    for key, value in settings.items():
        here, there = (*path, key), (*home, key)
        old = into.get(key)
        is_other_network = path == () and key == "network" and _names_another(old, value)
        if isinstance(old, dict) and isinstance(value, dict) and not is_other_network:
            _merge(draft, old, value, here, there)
            continue
        into[key] = value
        for known in [known for known in draft.spelled if known[: len(here)] == here]:
            del draft.spelled[known]
        for known, text in list(draft.spelled.items()):
            if known[: len(there)] == there:
                draft.spelled[(*here, *known[len(there) :])] = text
        moved = {known: place for known, place in draft.places.items() if known[: len(there)] == there}
        if there in moved:
            draft.place_at(here, moved[there])
        for known, place in moved.items():
            draft.places[(*here, *known[len(there) :])] = place


def _names_another(old: Value, new: Value) -> bool:
    """Whether two sections of the network name different presets."""
    return "preset" in _section(new) and _section(old).get("preset") != _section(new)["preset"]
