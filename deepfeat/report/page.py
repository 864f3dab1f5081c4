"""The page of a run: one file, which needs nothing else to be read."""

import base64
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from deepfeat.report.answer import Answer, read_answer
from deepfeat.report.arms import Beside, arm_tables, side_by_side
from deepfeat.report.embed import Shown, drawn
from deepfeat.report.extra_tables import ShownTable, clusters, disagreements, groups, stability
from deepfeat.report.figures.agreement import draw_agreement
from deepfeat.report.figures.classes import draw_classes
from deepfeat.report.figures.convergence import draw_convergence
from deepfeat.report.figures.forest import draw_forests
from deepfeat.report.figures.heatmap import draw_heatmap
from deepfeat.report.figures.history import draw_history
from deepfeat.report.figures.picture import Picture
from deepfeat.report.figures.ranking import draw_ranking
from deepfeat.report.figures.scores import draw_scores
from deepfeat.report.figures.skill import draw_skill
from deepfeat.report.figures.spread import draw_spread
from deepfeat.report.method_sections import MethodSection, method_sections
from deepfeat.report.methods_text import MethodsText, methods_text
from deepfeat.report.provenance import provenance_facts
from deepfeat.report.results import Results
from deepfeat.report.table import RankingTable, ranking_table
from deepfeat.report.theme import figure_rules
from deepfeat.runs.inside import refuse_links
from deepfeat.visible import visible
from deepfeat.writing.atomic import write_text
from deepfeat.writing.labels import counted


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        id: of its element.
        title: its heading.
        intro: paragraphs at its beginning.
        template: what comes then.
        pictures: then its figures.
        tables: at its end.
    """

    id: str
    title: str
    intro: Sequence[str] = ()
    template: str = ""
    pictures: Sequence[Shown] = ()
    tables: Sequence[ShownTable] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.template or self.pictures or self.tables)


@dataclass(frozen=True)
class Page:
    """Everything that the template shows; `base` leads from the page to the directory of the run."""

    name: str
    base: str
    facts: Sequence[str]
    version: str
    answer: Answer
    data_notes: Sequence[str]
    table: RankingTable
    methods: Sequence[MethodSection]
    warnings: Sequence[str]
    text: MethodsText
    provenance: Sequence[tuple[str, str]]
    digests: Sequence[tuple[str, str]]
    libraries: Sequence[str]
    experiment: Sequence[str]
    beside: Sequence[Beside] = ()
    sections: Sequence[Section] = field(default=())


def write_report(run: Path, output: Path | None = None) -> Path:
    """Draw the figures of a run and write its page; nothing is trained.

    Args:
        run: the directory of a finished run.
        output: where the page goes; by default `report.html` in the run's directory. Links to the files of
            the run lead to where they are seen from there.

    Returns:
        The page.

    Raises:
        InputError: the directory does not hold a finished run, a file of it is damaged, or a link leads
            out of it.
        OutputError: a file cannot be written.
    """
    refuse_links(run)
    results = Results(run)
    place = output or results.paths.report
    base = os.path.relpath(run, place.parent)
    write_text(place, _rendered(_page(results, "" if base == "." else f"{quote(base)}/")))
    return place


def _page(results: Results, base: str) -> Page:
    record = results.record
    methods = method_sections(results)
    warnings = _warnings(results)
    compared = side_by_side(results)
    return Page(
        name=results.experiment.name,
        base=base,
        facts=_facts(results),
        version=str(record.get("deepfeat", {}).get("version", "")),
        answer=read_answer(results),
        data_notes=results.data_notes,
        table=ranking_table(results),
        methods=methods,
        warnings=warnings,
        text=methods_text(results),
        provenance=provenance_facts(results),
        digests=[(name.partition(" (")[0], digest) for name, digest in record.get("plugins", {}).items()],
        libraries=[f"{name} {version}" for name, version in record.get("libraries", {}).items()],
        experiment=results.paths.experiment.read_text(encoding="utf-8").splitlines(),
        beside=compared,
        sections=_sections(results, methods, warnings, compared),
    )


def _sections(
    results: Results,
    methods: Sequence[MethodSection],
    warnings: Sequence[str],
    compared: Sequence[Beside],
) -> list[Section]:
    def pictures(*draw: Callable[[Results], Picture | None]) -> list[Shown]:
        return [drawn(results, picture) for each in draw if (picture := each(results))]

    found = [
        Section("answer", "Answer", template="answer.html"),
        Section("ranking", "Ranking", template="ranking.html", pictures=pictures(draw_ranking)),
        Section(
            "effects",
            "Effects",
            pictures=[drawn(results, picture) for picture in draw_forests(results)],
            tables=clusters(results),
        ),
        Section(
            "methods",
            "Methods side by side",
            pictures=pictures(draw_heatmap, draw_agreement),
            tables=disagreements(results),
        ),
        Section(
            "sure", "How sure", pictures=pictures(draw_spread, draw_convergence), tables=stability(results)
        ),
        Section(
            "networks", "How good the networks are", pictures=pictures(draw_skill, draw_scores, draw_history)
        ),
        Section(
            "faithfulness",
            "Checks on the ranking",
            pictures=[shown for method in methods if method.is_about_others for shown in method.pictures],
        ),
        Section(
            "arms", "Arms side by side", template="arms.html" if compared else "", tables=arm_tables(results)
        ),
        Section("classes", "Classes", pictures=pictures(draw_classes)),
        Section("groups", "Groups of features", tables=groups(results)),
        Section("questions", "What each method answers", template="questions.html"),
        Section("by-method", "Method by method", template="methods.html"),
        Section("warnings", "Warnings", template="warnings.html" if warnings else ""),
        Section("text", "Text for a methods section", template="text.html"),
        Section("provenance", "Provenance", template="provenance.html"),
    ]
    return [section for section in found if not section.is_empty]


def _facts(results: Results) -> list[str]:
    data = results.record.get("data", {})
    size = (
        [counted(data["rows"], "row"), counted(data["features"], "feature"), str(data["task"])]
        if "rows" in data
        else []
    )
    started = str(results.record.get("started") or "")[:10]
    return [
        *size,
        counted(len(results.members), "network"),
        counted(len(results.methods), "method"),
        *filter(None, [started]),
    ]


def _warnings(results: Results) -> list[str]:
    record = results.record
    found = list(record.get("data", {}).get("warnings", ()))
    if record.get("state") not in {"complete", "partial", "running", None}:
        found.append(f"The run is {record['state']}: what is shown may not be all of it.")
    return [*found, *record.get("failures", ())]


def _rendered(page: Page) -> str:
    def shown(value: object) -> object:
        # whatever is chosen by others: no control characters, no change of direction
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=PackageLoader("deepfeat.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=shown,
    )
    style = f"{_asset('style.css')}\n{figure_rules()}"
    script = _asset("report.js")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment.get_template("report.html").render(
        page=page,
        style=Markup(style),  # noqa: S704 - our own
        script=Markup(script),  # noqa: S704 - our own
        policy=policy,
    )


def _asset(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """How the page's policy names what it allows."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
