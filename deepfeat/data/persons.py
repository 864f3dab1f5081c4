"""Columns that say whom a row is about: the rows of one patient belong together."""

import re
from collections.abc import Iterable, Sequence

from deepfeat.data.columns import Roles
from deepfeat.data.groups import LEAST_GROUPS
from deepfeat.data.reading import Chunk
from deepfeat.data.survey import Survey, keep_rows

_ALONE = r"patient(in)?|subject|participant|proband|person|mrn"
# words that alone say something else: a case or a control, a sample of blood or of tissue
_WITH_NUMBER = (
    r"case|sample|specimen|donor|individual|pat|pt|subj|fall|probe|patienten|probanden|personen|teilnehmer"
)
_NUMBER = r"ids?|nr|no|number|nummer|code|key"
_PERSON = re.compile(rf"(id)?({_ALONE})|({_ALONE}|{_WITH_NUMBER})s?({_NUMBER})")
_SEPARATORS = re.compile(r"[\W_]+")


def is_called_person(name: str) -> bool:
    """Whether a column is called like one that says whom a row is about.

    Args:
        name: of the column.
    """
    return _PERSON.fullmatch(_SEPARATORS.sub("", name).lower()) is not None


def repeated_persons(survey: Survey, roles: Roles, chunks: Iterable[Chunk], *, drop: bool) -> Sequence[int]:
    """The features that say whom a row is about, where some have several rows.

    Two values are no persons: they rather say whether somebody is one, such as a patient.

    Args:
        survey: a survey of the whole table.
        roles: the features.
        chunks: the rows, which are looked at only where a feature is called like a person.
        drop: whether rows with a missing cell are left out.
    """
    called = [used for used in roles.features if is_called_person(roles.names[used])]
    summaries = {used: survey.summary(used) for used in called}
    values: dict[int, set[int]] = {
        used: set() for used in called if summaries[used].texts or summaries[used].integral
    }
    if not values:
        return ()
    for chunk in chunks:
        kept = keep_rows(chunk, drop=drop)
        for used, seen in values.items():
            # hashes, as the texts of millions of rows are too many to keep
            seen.update(hash(text) for text in kept.texts(used).unique().to_pylist() if text is not None)
    return [
        used
        for used, seen in values.items()
        if LEAST_GROUPS <= len(seen) < summaries[used].texts + summaries[used].numbers
    ]
