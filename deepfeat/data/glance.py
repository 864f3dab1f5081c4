"""A first look at a table that nobody has described: how its columns can be taken, and what is open."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepfeat.config.schema import DataConfig
from deepfeat.data.checks import Checks
from deepfeat.data.columns import Roles, assign_roles
from deepfeat.data.faults import Faults, shorten
from deepfeat.data.kinds import judge_features
from deepfeat.data.outline import MEMORY_LIMIT, Outline, open_source, outline_table, without_refused
from deepfeat.data.persons import repeated_persons
from deepfeat.data.reading import Replay
from deepfeat.data.remarks import is_called_identifier, is_identifier, listed
from deepfeat.data.sniff import first_bytes, sniff
from deepfeat.data.survey import ColumnSummary, Survey, keep_rows, survey_table
from deepfeat.data.unread import Unread, told, why_unread

DELIMITERS = (",", ";", "\t", "|")
MOST_COUNTED = 2_000
"""Columns up to which the different values of each are counted; more of them are taken as they are."""

_FEWEST_CODES, _MOST_CODES = 3, 8
_IDENTIFIERS = "identifiers or free text"
_SETTLED_BY_IGNORING = {
    "columns without any value": "no value at all",
    "columns of identifiers or free text": _IDENTIFIERS,
    "unprintable texts": "texts that cannot be shown",
}
_UNUSABLE = "of a type that is no number and no category"
_PERSONS = "whom a row is about; rows of one value belong together"
_HEAD_BYTES = 65_536


@dataclass(frozen=True, eq=False)
class Glance:
    """What a table seems to be.

    Attributes:
        config: the `data` part of an experiment that fits it.
        outline: the table as that part describes it.
        ignored: columns that can be no features, and why.
        codes: columns of a few whole numbers, which may be codes of categories.
        groups: columns whose equal values may be one patient, family or batch.
        incomplete: rows with a missing value.
        unread: a sentence for each kind of columns that are ignored because nobody can read them.
        warnings: what else looks wrong, as a run says it.
    """

    config: DataConfig
    outline: Outline
    ignored: Mapping[str, str]
    codes: Sequence[str]
    groups: Sequence[str]
    incomplete: int
    unread: Sequence[str]
    warnings: Sequence[str]


def glance_at(path: Path, target: str, names_path: Path | None = None, written: str | None = None) -> Glance:
    """Look at a table and decide what can be decided.

    The delimiter is the one that the first lines are made of. Columns that can be no features are ignored.

    Args:
        path: the table.
        target: the column to predict; `last` is the last one.
        names_path: names of its columns, for a table without a header.
        written: the path as the experiment is to have it; by default `path`.

    Raises:
        InputError: the table cannot be used, for reasons that no setting can settle.
    """
    asked = DataConfig(
        path=str(path) if written is None else written,
        names=None if names_path is None else str(names_path),
        target=target,
        delimiter=_delimiter(path) if sniff(path) == "text" else None,
    )
    columns = _columns(asked, path, names_path)
    ignored, codes, groups = columns.ignored, columns.codes, columns.groups
    # a target is never filled in, so rows without one can only be left out
    missing = "drop" if columns.target_has_gaps else asked.missing
    config = asked.model_copy(update={"ignore": list(ignored), "missing": missing})
    outline = outline_table(config, path, names_path)
    incomplete, warnings = _look_at_rows(outline, drop=missing == "drop")
    return Glance(
        config, outline, ignored, codes, groups, incomplete, told(columns.unread), outline.warnings + warnings
    )


def _look_at_rows(outline: Outline, *, drop: bool) -> tuple[int, tuple[str, ...]]:
    """How many rows have a gap, and what the encoded rows show that looks wrong."""
    checks = Checks(outline.target, outline.features)
    incomplete, lines = 0, []
    for chunk in outline.chunks:
        incomplete += int(chunk.missing.any(axis=1).sum())
        kept = keep_rows(chunk, drop=drop)
        if len(kept):
            checks.add(outline.encoder.encode(kept), outline.target.encode(kept))
            lines.append(kept.lines)
    return incomplete, tuple(checks.warnings(np.concatenate(lines)))


@dataclass
class _Columns:
    """What the columns of a table seem to be."""

    ignored: dict[str, str] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    unread: dict[str, Unread] = field(default_factory=dict)
    target_has_gaps: bool = False


def _columns(config: DataConfig, path: Path, names_path: Path | None) -> _Columns:
    """Columns to ignore with the reason, columns that may be codes, columns that may be groups."""
    faults = Faults(str(path))
    source = open_source(config, path, names_path, faults)
    every = assign_roles(config, source.names, faults)
    faults.raise_if_any()
    roles = without_refused(source, every, Faults(str(path)))
    found = _Columns({name: _UNUSABLE for name in every.names if name not in roles.names})
    rows = Replay(source, roles.file_columns, path, MEMORY_LIMIT)
    counted = range(len(roles.names)) if len(roles.names) <= MOST_COUNTED else roles.targets
    survey = survey_table(rows, len(roles.names), counted, drop=False)
    if survey.rows_kept == 0:  # said properly when the table is outlined
        return found
    found.target_has_gaps = any(survey.missing[used] for used in roles.targets)
    persons = repeated_persons(survey, roles, rows, drop=False)
    for used in roles.features:
        name, summary = roles.names[used], survey.summary(used)
        if used in persons:
            found.ignored[name] = _PERSONS
            continue
        unread = why_unread(summary)
        if unread is not None:
            found.unread[name] = unread
            found.ignored[name] = unread.found
            continue
        reason = _reason_to_ignore(survey, roles, used)
        if reason is not None:
            found.ignored[name] = reason
        if _may_be_groups(name, summary, survey.rows_kept, is_identifying=reason == _IDENTIFIERS):
            found.groups.append(name)
        elif reason is None and _may_be_codes(summary):
            found.codes.append(name)
    found.groups[:0] = [roles.names[used] for used in persons]
    if all(every.names[used] in found.ignored for used in every.features):
        # nothing would be left: what can be mended is told as faults, and the rest here
        found.ignored = {name: why for name, why in found.ignored.items() if name not in found.unread}
        if not found.unread:
            reasons = listed(f"{shorten(name)} ({why})" for name, why in found.ignored.items())
            faults.add("columns", source.header, 0, f"found no feature: {reasons}; give a table with others")
            faults.raise_if_any()
    return found


def _reason_to_ignore(survey: Survey, roles: Roles, used: int) -> str | None:
    """Why a column that can be read can be no feature; None where it can be one."""
    alone = Roles(roles.file_columns, roles.names, (used,), roles.targets, None, frozenset())
    faults = Faults("")
    judge_features(survey, alone, faults)
    for kind, reason in _SETTLED_BY_IGNORING.items():
        if faults.count(kind):
            return reason
    summary = survey.summary(used)
    if not summary.texts and is_identifier(roles.names[used], summary, survey.rows_kept):
        return "row numbers or identifiers"
    is_one_text = summary.counts is not None and len(summary.counts.rows) == 1
    if is_one_text if summary.texts else summary.low == summary.high:
        return "the same value in every row"
    return None


def _may_be_groups(name: str, summary: ColumnSummary, rows: int, *, is_identifying: bool) -> bool:
    """Whether values repeat in a column of identifiers."""
    counts = summary.counts
    if counts is None or counts.overflow or not (is_identifying or is_called_identifier(name)):
        return False
    return rows / 20 <= len(counts.rows) <= rows / 2


def _may_be_codes(summary: ColumnSummary) -> bool:
    counts = summary.counts
    if counts is None or counts.overflow or summary.texts or not summary.integral:
        return False
    return _FEWEST_CODES <= len(counts.levels()) <= _MOST_CODES


def _delimiter(path: Path) -> str | None:
    """The character that cuts the first lines into the same number of parts; None for the usual one."""
    usual = "\t" if path.suffix.lower() in {".tsv", ".tab"} else ","
    head = first_bytes(path, _HEAD_BYTES).decode("utf-8-sig", errors="replace")
    lines = head.splitlines()[:20]
    if len(head.encode()) >= _HEAD_BYTES:
        lines = lines[:-1] or lines

    def parts(delimiter: str) -> int:
        """How many values each line has; 1 where they differ."""
        found = {len(row) for row in csv.reader(lines, delimiter=delimiter) if row}
        return found.pop() if len(found) == 1 else 1

    best = max(DELIMITERS, key=lambda delimiter: (parts(delimiter), delimiter == usual))
    return best if parts(best) > 1 and parts(usual) == 1 else None
