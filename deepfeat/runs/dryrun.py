"""What a run would compute, what it would use again, why, and what it would take."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from deepfeat.runs.answers import question, unanswered
from deepfeat.runs.ledger.differences import changes
from deepfeat.runs.ledger.keys import Work, entries, member_keys, training_work
from deepfeat.runs.ledger.ledger import Ledger
from deepfeat.runs.ledger.records import Kind, Record
from deepfeat.runs.paths import RunPaths
from deepfeat.runs.prepare import Prepared
from deepfeat.writing.labels import counted

Forecast = Callable[[int, float | None], object]
"""What so many networks take, as text; it is told the seconds that those before took, if there are any."""


@dataclass(frozen=True)
class Step:
    """A part of a run.

    Attributes:
        name: of it.
        total: results that it consists of.
        reused: how many of them are there.
        unit: what a result is about.
        why: why the rest is not there.
        estimate: what computing the rest takes, as far as it is known.
    """

    name: str
    total: int
    reused: int
    unit: str
    why: tuple[str, ...] = ()
    estimate: str = ""

    def __str__(self) -> str:
        """Two lines at most."""
        missing = self.total - self.reused
        total = counted(self.total, self.unit)
        line = f"{self.name}: {total}, {self.reused:,} used again, {missing:,} to compute"
        details = [*self.why, *([self.estimate] if self.estimate else [])] if missing else []
        return "\n    ".join([line, *(["; ".join(details)] if details else [])])


def dry_run(prepared: Prepared, paths: RunPaths, forecast: Forecast) -> list[Step]:
    """The parts of a run, in order; nothing is written, and TensorFlow is not loaded unless by the forecast.

    Args:
        prepared: the experiment.
        paths: where its results are, or would be.
        forecast: asked only about networks that would have to be trained, such as `deepfeat.runs.forecast`.
    """
    ledger = Ledger(paths.ledger, mend=False)
    work = training_work(prepared.data, prepared.network, prepared.settings)
    return list(_steps(prepared, ledger, work, forecast))


def _steps(prepared: Prepared, ledger: Ledger, work: Work, forecast: Forecast) -> Iterator[Step]:
    plan = prepared.plan
    records = list(ledger.records())
    keys = member_keys(plan, work)
    found = [ledger.find(key) for key in keys]
    missing = [member for member, each in enumerate(found) if each is None]
    each_seconds = _seconds_per_member(records)
    yield Step(
        "training",
        len(keys),
        len(keys) - len(missing),
        "network",
        _why(records, "members", work, [entries(plan)[member] for member in missing]),
        str(forecast(len(missing), each_seconds)) if missing else "",
    )
    # What is not trained yet is taken for trained without a failure.
    kept = [
        key
        for key, each in zip(keys, found, strict=True)
        if each is None or each.record.results[each.index]["failure"] is None
    ]
    others: dict[str, str] = {}
    for method, params in sorted(prepared.methods, key=lambda asked: asked[0].after_others):
        asked = question(prepared, method, params, kept, others)
        others[method.name] = asked.key
        parts = unanswered(ledger, asked)
        missing_members = sum(len(members) for part in parts for _, members in part)
        networks = method(params).fits(prepared.data, len(kept)) if parts else 0
        estimate = f"trains up to {forecast(networks, each_seconds)}" if networks else ""
        why = _why(records, "answer", asked.work, [])
        if method.kind == "member":
            yield Step(method.name, len(kept), len(kept) - missing_members, "network", why, estimate)
        else:
            if missing:
                why = (*why, "networks are missing")
            yield Step(method.name, 1, 1 - len(parts), "answer", why, estimate)


def _seconds_per_member(records: Sequence[Record]) -> float | None:
    """How long a member took so far, in the mean."""
    trained = [record for record in records if record.kind == "members"]
    members = sum(len(record.keys) for record in trained)
    return sum(record.made["seconds"] for record in trained) / members if members else None


def _why(records: Sequence[Record], kind: Kind, work: Work, members: Sequence[str]) -> tuple[str, ...]:
    """What has changed since the most similar results were computed."""
    candidates = [record for record in records if record.kind == kind]
    if kind == "answer":
        candidates = [record for record in candidates if record.work["method"] == work["method"]]
    else:
        wanted = set(members)
        candidates = [record for record in candidates if wanted & set(record.about)] or candidates
    if not candidates:
        return ("nothing of it is there yet",)
    least = min((changes(record.work, work) for record in candidates), key=len)
    return (f"changed: {', '.join(least)}",) if least else ("not computed yet",)
