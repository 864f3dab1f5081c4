"""The paragraph for the methods section of a paper, with its references."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepfeat.report.results import Results
from deepfeat.report.words import counted, listed, percent

_BOOTSTRAP = "Efron B. Bootstrap methods: another look at the jackknife. Annals of Statistics 7, 1979."
_NORMALISED = {
    "sum": "divided by their sum",
    "max": "divided by their maximum",
    "rank": "replaced by their ranks",
    "none": "taken as they are",
}
_ACROSS = {
    "mean": "averaged over networks and then over methods",
    "mean_rank": "averaged over networks, and the ranks of the features were averaged over methods",
    "robust_rank": "averaged over networks, and the methods' orders were combined by robust rank aggregation",
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


class _References:
    """Numbers references in the order in which they are cited."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def cite(self, line: str) -> str:
        """The number of a reference in brackets."""
        if line not in self.lines:
            self.lines.append(line)
        return f"[{self.lines.index(line) + 1}]"


def _about(results: Results) -> str:
    record = results.record
    data, ours = record.get("data", {}), record.get("deepfeat", {})
    commit = f", commit {ours['commit'][:12]}" if ours.get("commit") else ""
    size = (
        f" ({counted(data['rows'], 'row')}, {counted(data['features'], 'feature')}, {data['task']})"
        if "rows" in data
        else ""
    )
    return (
        "The importance of features for neural networks on the data set "
        f"{data.get('name', results.experiment.name)}{size} was estimated with "
        f"deepfeat {ours.get('version', '')}{commit}."
    )


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
    split = training["split"]
    if split.get("method") == "random":
        shares = (
            f"{percent(split['train'])} for training, {percent(split['valid'])} for early stopping and "
            f"{percent(split['test'])} held out"
        )
        text += f", each from its own starting weights and on its own random split of the rows ({shares})"
    steps = f"learning rate {training['learning_rate']:g}, batches of {training['batch_size']:,} rows"
    text += (
        f", with the loss {training['loss'].replace('_', ' ')} and the optimizer {training['optimizer']} "
        f"({steps}) for at most {training['epochs']:,} epochs"
    )
    if training.get("patience"):
        text += f", ending after {training['patience']:,} epochs without a better validation loss"
    return f"{text}; the random seed of the experiment was {results.experiment.seed}."


def _asked(results: Results, references: _References) -> str:
    asked: Mapping[str, Mapping[str, Any]] = results.record.get("methods", {})
    phrases = [_cited(method, asked, references) for method in results.methods]
    count = counted(len(phrases), "importance method")
    return f"Importance was measured by {count}: {listed(phrases)}."


def _cited(method: str, asked: Mapping[str, Mapping[str, Any]], references: _References) -> str:
    paper = str(asked.get(method, {}).get("paper", ""))
    return f"{method} {references.cite(paper)}" if paper else method


def _averaged(results: Results, references: _References) -> str:
    ranking = results.experiment.ranking
    how = f"{_NORMALISED[ranking.normalise]} and {_ACROSS[ranking.across_methods]}"
    weighed = ranking.weights != "equal"
    judge = _cited(ranking.weights, results.record.get("methods", {}), references) if weighed else ""
    text = (
        f"The scores of each network were {how}{', weighted by ' + judge if judge else ''}{_shares(results)}."
    )
    if left := results.answer.get("members", {}).get("skilless"):
        text += f" {counted(left, 'network')} did not beat a constant on held-out rows."
    if results.ranking["ci_low"].notna().any():
        text += (
            f" Intervals are {percent(ranking.confidence)} percentile intervals of a bootstrap over networks "
            f"{references.cite(_BOOTSTRAP)} ({ranking.bootstrap:,} resamples); they describe how far the "
            "importance would move with other networks, not the uncertainty of an effect in the population."
        )
    return text


def _shares(results: Results) -> str:
    """The weights of the models, where others than the networks count."""
    shares: Mapping[str, float] = results.answer.get("carried_by", {})
    told = [f"{model} {share:.2f}" for model, share in shares.items() if share > 0]
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
