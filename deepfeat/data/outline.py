"""The first pass over a table: everything that is wrong with it, or how it will be encoded."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from deepfeat.config.schema import DataConfig
from deepfeat.data.cells import MissingMarks
from deepfeat.data.columnar import ParquetSource
from deepfeat.data.columns import Roles, assign_roles
from deepfeat.data.dataset import Feature
from deepfeat.data.delimited import DelimitedSource
from deepfeat.data.encode import Encoder
from deepfeat.data.faults import Faults, Remarks
from deepfeat.data.groups import judge_groups
from deepfeat.data.kinds import judge_features
from deepfeat.data.persons import repeated_persons
from deepfeat.data.reading import CHUNK_CELLS, Chunk, Replay, Source
from deepfeat.data.records import ENDS_READING
from deepfeat.data.remarks import remark_on_features, remark_on_missing, remark_on_spellings
from deepfeat.data.sniff import sniff
from deepfeat.data.survey import Survey, survey_table
from deepfeat.data.target import Target, judge_target
from deepfeat.errors import InputError, Problem
from deepfeat.writing.labels import counted

LEAST_ROWS = 10
MEMORY_LIMIT = 256 * 1024 * 1024
"""Bytes of a table that are kept in memory, as it is read and as it is encoded."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A table that can be used, before it is encoded.

    Attributes:
        n_rows: rows that will be used.
        target: task, classes and how many rows each has.
        notes: what will be done to the data, a sentence each.
        warnings: what looks wrong but does not stop a run, a sentence each.
        roles: what each used column is.
        survey: what each used column holds.
        encoder: how the features will be encoded.
        chunks: the rows, any number of times.
    """

    n_rows: int
    target: Target
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    roles: Roles
    survey: Survey
    encoder: Encoder
    chunks: Iterable[Chunk]

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features, in the order of the file."""
        return self.encoder.features


def outline_table(
    config: DataConfig,
    path: Path,
    names_path: Path | None = None,
    *,
    memory_limit: int = MEMORY_LIMIT,
    chunk_cells: int = CHUNK_CELLS,
) -> Outline:
    """Look at every cell of a table once.

    Args:
        config: the `data` part of an experiment.
        path: the table.
        names_path: names of its columns, for a table without a header.
        memory_limit: bytes of the table that may be kept in memory.
        chunk_cells: cells that are read at once.

    Raises:
        InputError: the table cannot be used; every fault that was found, a line each.
    """
    faults, remarks = Faults(str(path)), Remarks()
    source = open_source(config, path, names_path, faults, chunk_cells)
    faults.header = source.header
    roles = assign_roles(config, source.names, faults)
    roles = without_refused(source, roles, faults)
    if not roles.file_columns:
        faults.raise_if_any()
    drop = config.missing == "drop"
    counted = {*roles.targets, *roles.categories, *({roles.group} if roles.group is not None else ())}
    chunks = (
        _first_look(source, roles, faults)
        if faults
        else Replay(source, roles.file_columns, path, memory_limit)
    )
    before = len(faults)
    survey = survey_table(chunks, len(roles.names), counted, drop=drop)
    if faults.count(ENDS_READING):  # the rest of the file was not seen
        faults.raise_if_any()
    if not _has_rows(survey, faults, is_whole=len(faults) == before):
        faults.raise_if_any()
    categories = judge_features(survey, roles, faults)
    judge_groups(survey, roles, faults, remarks, drop=drop)
    target = judge_target(survey, roles, config.task, faults, remarks, drop=drop)
    faults.raise_if_any()
    if target is None:
        raise AssertionError("a target is either learnt or a fault")
    remark_on_missing(survey, roles, remarks, drop=drop)
    persons = repeated_persons(survey, roles, chunks, drop=drop)
    remark_on_features(survey, roles, categories, persons, remarks)
    levels = {used: tuple(level.name for level in own) for used, own in categories.items()}
    codings = zip(target.columns, target.codings, strict=True)
    levels |= {used: coding.names for used, coding in codings if coding is not None}
    remark_on_spellings({roles.names[used]: own for used, own in sorted(levels.items())}, remarks)
    return Outline(
        n_rows=survey.rows_kept,
        target=target,
        notes=tuple(remarks.notes),
        warnings=tuple(remarks.warnings),
        roles=roles,
        survey=survey,
        encoder=Encoder.of(roles, categories),
        chunks=chunks,
    )


def open_source(
    config: DataConfig,
    path: Path,
    names_path: Path | None,
    faults: Faults,
    chunk_cells: int = CHUNK_CELLS,
) -> Source:
    """The reader for the format that the first bytes show.

    Args:
        config: the `data` part of an experiment.
        path: the table.
        names_path: names of its columns, for a table without a header.
        faults: where faults go, now and while it is read.
        chunk_cells: cells that are read at once.

    Raises:
        InputError: it is no table, or its columns cannot be told apart or named.
    """
    marks = MissingMarks.of(config.missing_values)
    if sniff(path) == "text":
        return DelimitedSource(path, config.delimiter, names_path, marks, faults, chunk_cells=chunk_cells)
    if names_path is not None:
        message = f"found a Parquet file, which has its own names, beside {names_path}; leave out data.names"
        raise InputError(Problem(str(path), 0, 0, message))
    return ParquetSource(path, marks, faults, chunk_cells=chunk_cells)


def without_refused(source: Source, roles: Roles, faults: Faults) -> Roles:
    """The roles without columns of a type that cannot be looked at.

    Args:
        source: the table.
        roles: of all columns.
        faults: gets a line for each that is left out.
    """
    categories = {roles.file_columns[used] for used in roles.categories}
    refused = source.refuse(roles.file_columns, categories, faults)
    return roles.without({used for used, column in enumerate(roles.file_columns) if column in refused})


def _first_look(source: Source, roles: Roles, faults: Faults) -> list[Chunk]:
    """The rows of a table that has faults already, if it is small enough to be looked at for more of them."""
    chunks = list(islice(source.chunks(roles.file_columns), 2))
    if len(chunks) > 1:
        faults.raise_if_any()
    return chunks


def _has_rows(survey: Survey, faults: Faults, *, is_whole: bool) -> bool:
    """Whether there are enough rows to judge columns by.

    Args:
        survey: how many there are.
        faults: gets a line if there are too few.
        is_whole: whether every row could be read, so that too few rows are a fault of their own.
    """
    if survey.rows_kept >= LEAST_ROWS:
        return True
    if is_whole and survey.rows_read == 0:
        faults.add("rows", faults.header, 0, "found no rows; give a table with rows")
    elif is_whole and survey.rows_read < LEAST_ROWS:
        faults.add(
            "rows", 0, 0, f"found {counted(survey.rows_read, 'row')}; at least {LEAST_ROWS} are needed"
        )
    elif is_whole:
        faults.add(
            "rows",
            0,
            0,
            f"found {counted(survey.rows_kept, 'row')} without a missing value of {survey.rows_read:,}; set "
            "data.missing: impute, or list the columns with most gaps in data.ignore",
        )
    return False
