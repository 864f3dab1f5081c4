"""The paragraph for the methods section of a paper, with its references."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepfeat.ranking.carriers import rounded
from deepfeat.report.results import Results
from deepfeat.report.words import listed, percent, scored_rows
from deepfeat.writing.labels import counted

_BOOTSTRAP = "Efron B. Bootstrap methods: another look at the jackknife. Annals of Statistics 7, 1979."
_NORMALISED = {
    "sum": "divided by their sum",
    "max": "divided by their maximum",
    "rank": "replaced by their ranks",
    "none": "taken as they are",
}
_ACROSS = {
    "mean": " and then over methods",
    "mean_rank": ", and the ranks of the features were averaged over methods",
    "robust_rank": ", and the methods' orders were combined by robust rank aggregation",
}


@dataclass(frozen=True)
class MethodsText:
    """What can be pasted.

    Attributes:
        paragraphs: the text, with numbers in brackets for the references.
        references: a line each, the first is number 1.
    """

    paragraphs: Sequence[str]
    references: Sequence[str]


def methods_text(results: Results) -> MethodsText:
    """The text of a run.

    Args:
        results: of a finished run.
    """
    references = _References()
    first = f"{_about(results)} {_trained(results)}"
    second = f"{_asked(results, references)} {_averaged(results, references)}"
    tested = _tested(results)
    return MethodsText([first, second, *([tested] if tested else [])], references.lines)


_SPLITS = {
    "random": "each from its own starting weights and on its own random split of the rows ({shares})",
    "last": "each from its own starting weights and all on the same rows, in the order of the file "
    "({shares})",
    "kfold": "each from its own starting weights and with one of {folds} folds of the rows held out "
    "({inner})",
    "subsample": "each from its own starting weights and with a random half of the rows held out ({inner})",
    "bootstrap": "each from its own starting weights and on its own random split of the rows ({shares}), the "
    "training rows being drawn anew with replacement",
}
_BETWEEN = re.compile(r';\s+(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""What stands between two publications, and in no title."""
_YEAR = re.compile(r"\b(?:1[6-9]|20)\d\d\b")
_WHAT_FOR = re.compile(r'^[a-z][^":\d]*: ')
"""What a publication is cited for: `for labels: Fan et al. 2008`."""


class _References:
    """Numbers references in the order in which they are cited."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def cite(self, paper: str) -> str:
        """The numbers of its publications in brackets; each is listed once, whoever cites it."""
        numbers = []
        for line in _publications(paper):
            if line not in self.lines:
                self.lines.append(line)
            numbers.append(str(self.lines.index(line) + 1))
        return f"[{', '.join(numbers)}]"


def _publications(paper: str) -> list[str]:
    """The publications that a text names; a part without a year belongs to the one before it."""
    found: list[str] = []
    for part in _BETWEEN.split(paper):
        if found and not _YEAR.search(part):
            found[-1] += f"; {part}"
        else:
            found.append(_WHAT_FOR.sub("", part))
    return found


def _about(results: Results) -> str:
    record = results.record
    data, ours = record.get("data", {}), record.get("deepfeat", {})
    commit = f", commit {ours['commit'][:12]}" if ours.get("commit") else ""
    size = (
        f" ({counted(data['rows'], 'row')}, {counted(data['features'], 'feature')}, {data['task']})"
        if "rows" in data
        else ""
    )
    whose = "neural networks" if results.networks_alone else "neural networks and other models"
    about = (
        f"The importance of features for {whose} on the data set "
        f"{data.get('name', results.experiment.name)}{size} was estimated with "
        f"deepfeat {ours.get('version', '')}{commit}."
    )
    return " ".join([about, *results.data_notes])


def _trained(results: Results) -> str:
    record, members = results.record, results.members
    network: Mapping[str, Any] = record.get("network", {})
    training: Mapping[str, Any] = record.get("training", {})
    text = f"{counted(len(members), 'network')} of the preset {network.get('preset', 'unknown')}"
    if units := network.get("units"):
        widths = units if isinstance(units, list) else [units]
        text += f" (hidden layers of {listed([str(width) for width in widths])} units)"
    text += f" {'was' if len(members) == 1 else 'were'} trained"
    if not training:
        return f"{text}."
    text += f", {_split(training['split'], results.experiment.data.group)}"
    steps = f"learning rate {training['learning_rate']:g}, batches of {training['batch_size']:,} rows"
    text += (
        f", with the loss {training['loss'].replace('_', ' ')} and the optimizer {training['optimizer']} "
        f"({steps}) for at most {training['epochs']:,} epochs"
    )
    if training.get("patience", training["epochs"]) < training["epochs"]:
        text += f", ending after {training['patience']:,} epochs without a better validation loss"
    return f"{text}; the random seed of the experiment was {results.experiment.seed}."


def _split(split: Mapping[str, Any], group: str | None) -> str:
    """Which rows a network learned from, which told it when to stop, and which it never saw."""
    train, valid, test = (float(split[part]) for part in ("train", "valid", "test"))
    uses = {"for training": train, "for early stopping": valid, "held out": test}
    shares = listed([f"{percent(share)} {use}" for use, share in uses.items() if share])
    seen = percent(train / (train + valid))
    inner = f"{seen} of the others for training, {percent(valid / (train + valid))} for early stopping"
    text = _SPLITS[split["method"]].format(shares=shares, inner=inner, folds=split.get("folds"))
    if group is not None:
        text += f", rows of the same {group} staying together"
    most = split.get("rows")
    return f"{text}, learning from at most {counted(most, 'row')}" if most else text


def _asked(results: Results, references: _References) -> str:
    asked: Mapping[str, Mapping[str, Any]] = results.record.get("methods", {})
    phrases = [_cited(method, asked, references) for method in results.methods]
    if len(phrases) == 1:
        return f"Importance was measured by {phrases[0]}."
    return f"Importance was measured by {len(phrases)} methods: {listed(phrases)}."


def _cited(method: str, asked: Mapping[str, Mapping[str, Any]], references: _References) -> str:
    paper = str(asked.get(method, {}).get("paper", ""))
    return f"{method} {references.cite(paper)}" if paper else method


def _averaged(results: Results, references: _References) -> str:
    ranking = results.experiment.ranking
    across = f"averaged over {results.varied}"
    if len(results.methods) > 1:
        across += _ACROSS[ranking.across_methods]
    how = f"{_NORMALISED[ranking.normalise]} and {across}"
    weighed = ranking.weights != "equal"
    judge = _cited(ranking.weights, results.record.get("methods", {}), references) if weighed else ""
    whose = "network" if results.networks_alone else "network and of each other model"
    text = (
        f"The scores of each {whose} were {how}{', weighted by ' + judge if judge else ''}{_shares(results)}."
    )
    text += _skilless(results.answer.get("members", {}), scored_rows(results))
    if results.ranking["ci_low"].notna().any():
        text += (
            f" Intervals are {percent(ranking.confidence)} percentile intervals of a bootstrap over "
            f"{results.varied} {references.cite(_BOOTSTRAP)} ({ranking.bootstrap:,} resamples); they say how "
            f"far the importance would move with other {results.varied}, not how uncertain an effect in the "
            "population is."
        )
    return text


def _skilless(members: Mapping[str, int], rows: str) -> str:
    """How many networks were no better than a constant, and what became of them."""
    count = members.get("skilless", 0)
    if not count:
        return ""
    text = f" {counted(count, 'network')} did not beat a constant on {rows}"
    averaged = members["averaged"]
    if averaged == members["trained"] - members["failed"]:
        return f"{text} and {'was' if count == 1 else 'were'} kept."
    return f"{text} and {'was' if count == 1 else 'were'} left out; {averaged:,} were averaged."


def _shares(results: Results) -> str:
    """The weights of the models, where others than the networks count."""
    told = [f"{model} {share:.2f}" for model, share in rounded(results.carriers).items()]
    return f" (weights: {', '.join(told)})" if len(told) > 1 else ""


def _tested(results: Results) -> str:
    """What p-values speak against, where a method gives some."""
    asked: Mapping[str, Mapping[str, Any]] = results.record.get("methods", {})
    tests = [
        f"{name} tests the null hypothesis: {told['null_hypothesis'].rstrip('.')}"
        + (f" (assuming: {told['assumption'].rstrip('.')})" if told.get("assumption") else "")
        for name, told in asked.items()
        if told.get("null_hypothesis")
    ]
    return f"{'; '.join(tests)}." if tests else ""
