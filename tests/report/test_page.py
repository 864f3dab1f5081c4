"""The page: its structure, what it lets in, and that it shows everything harmlessly."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from deepfeat.errors import InputError
from deepfeat.report.page import write_report
from deepfeat.runs.paths import RunPaths

MakeRun = Callable[..., RunPaths]
ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("page_outline.txt")

NASTY = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "two\nlines\ttab",
    "\u202eright to left\u202c",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}\N{HEBREW LETTER FINAL MEM}",
    '" onmouseover="alert(1)',
    "{{ 7 * 7 }}",
    "a" * 200,
    "\u2028 & &amp; \x00\x1b[31m",
]


class Outline(HTMLParser):
    """The headings, landmarks, figures and tables of a page, indented by their depth."""

    VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "rect", "path", "use"})
    KEPT = frozenset(
        (
            *(
                "header",
                "nav",
                "main",
                "article",
                "section",
                "h1",
                "h2",
                "h3",
                "figure",
                "figcaption",
                "table",
            ),
            *("caption", "th", "form", "button", "select", "details", "summary", "dl", "dt", "footer"),
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.VOID:
            return
        if tag in self.KEPT and not {"tbody", "svg"} & set(self.open):
            kept = {
                name: value
                for name, value in attrs
                if name in ("id", "aria-label", "role", "scope", "hidden")
            }
            words = " ".join(f"{name}={value}" for name, value in kept.items())
            depth = sum(name in self.KEPT for name in self.open)
            self.lines.append(f"{'  ' * depth}{tag} {words}".rstrip())
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside not in ("script", "style"):
            self.text.append(data)
        told = inside in {"h1", "h2", "h3", "th", "summary", "button", "dt", "strong"} and data.strip()
        if told and self.lines and not {"tbody", "svg"} & set(self.open):
            self.lines[-1] += f" | {data.strip()}"


def parsed(page: Path) -> Outline:
    outline = Outline()
    outline.feed(page.read_text(encoding="utf-8"))
    outline.close()
    return outline


@pytest.mark.usefixtures("undrawn")
def test_the_outline_is_the_one_that_was_looked_at(make_run: MakeRun) -> None:
    outline = "\n".join(parsed(write_report(make_run(["age", "sex"], full=True).root)).lines) + "\n"
    # after a change on purpose: look at the page, then copy what this prints into the file
    assert outline == GOLDEN.read_text(encoding="utf-8"), outline


@pytest.mark.usefixtures("undrawn")
def test_a_run_with_little_has_a_page_too(make_run: MakeRun) -> None:
    page = parsed(write_report(make_run(["age"], members=1, methods=("gate",)).root))
    titles = [line for line in page.lines if line.strip().startswith("h2")]
    assert len(titles) >= 6
    assert not any("Effects" in title or "Groups" in title for title in titles)


@pytest.mark.usefixtures("undrawn")
def test_the_answer_comes_first_and_the_doubtful_is_marked(make_run: MakeRun) -> None:
    paths = make_run(["age", "sex"], full=True)
    page = write_report(paths.root).read_text()
    assert page.index("Of these features one matters most.") < page.index('id="ranking"')
    assert 'class="answer"' in page
    answer = json.loads(paths.answer.read_text())
    for usable in (False, None):
        paths.answer.write_text(json.dumps({**answer, "usable": usable}))
        assert 'class="answer doubtful"' in write_report(paths.root).read_text()


def test_names_are_shown_harmlessly_everywhere(make_run: MakeRun) -> None:
    paths = make_run(NASTY, methods=("gate", "shap"), full=True)
    page = parsed(write_report(paths.root))
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert len(scripts) == 2
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        assert tag != "img" or "src" not in attributes or str(attributes["src"]).startswith("data:")
    text = "".join(page.text)
    assert not any(char in text for char in "\x00\x1b\u202e\u2028")
    assert "<script>alert(1)</script>" in text
    assert r"two\nlines\ttab" in text
    assert "{{ 7 * 7 }}" in text
    assert NASTY[5] in text
    assert "a" * 200 in "".join(str(attributes.get("title")) for _, attributes in page.tags)
    # nor can the numbers of a figure trick a spreadsheet
    files = list(paths.figures.glob("*.csv"))
    assert len(files) >= 10
    formulas = [line for file in files for line in file.read_text().splitlines() if "cmd|" in line]
    assert formulas
    assert not any(re.search(r"(^|,)=cmd", line) for line in formulas)


@pytest.mark.usefixtures("undrawn")
def test_the_policy_lets_in_the_style_and_the_script_of_the_page_and_nothing_else(make_run: MakeRun) -> None:
    content = write_report(make_run(["age", "sex"], full=True).root).read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', content)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.replace("&#39;", "'").split(";"))
    (style,) = re.findall(r"<style>(.*?)</style>", content, flags=re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", content, flags=re.DOTALL)
    for kind, text in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[kind] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert set(rules) == {"default-src", "style-src", "script-src", "img-src", "base-uri", "form-action"}


@pytest.mark.usefixtures("undrawn")
def test_nothing_is_loaded_from_elsewhere(make_run: MakeRun) -> None:
    page = parsed(write_report(make_run(["age", "sex"], full=True).root))
    for tag, attributes in page.tags:
        for name in ("src", "href", "srcset", "data", "action"):
            value = str(attributes.get(name) or "")
            assert not re.match(r"[a-z]+:(?!image/)|//", value), (tag, value)


# that every drawing is always the same is tested with the figures
@pytest.mark.usefixtures("undrawn")
def test_links_lead_to_files_from_wherever_the_page_is_and_it_is_always_the_same(
    make_run: MakeRun, tmp_path: Path
) -> None:
    paths = make_run(["age", "sex"], full=True)
    for place in (paths.report, tmp_path / "else where" / "page.html"):
        written = write_report(paths.root, place)
        assert written == place
        links = [
            str(a["href"])
            for tag, a in parsed(written).tags
            if tag == "a" and not str(a["href"]).startswith("#")
        ]
        assert len(links) > 20
        for link in links:
            assert (place.parent / link.replace("%20", " ")).is_file(), link
    first = paths.report.read_bytes()
    assert write_report(paths.root).read_bytes() == first


@pytest.mark.usefixtures("undrawn")
def test_failures_and_warnings_are_told(make_run: MakeRun) -> None:
    paths = make_run(["age", "sex"])
    record = json.loads(paths.provenance.read_text())
    record["failures"] = ["method shap: MethodError: too many <features>"]
    record["methods"]["shap"] = {"members": 0, "seconds": 0.1}
    paths.provenance.write_text(json.dumps(record))
    text = "".join(parsed(write_report(paths.root)).text)
    assert "Column x says the same as column y." in text
    assert "MethodError: too many <features>" in text


@pytest.mark.usefixtures("undrawn")
def test_what_was_done_to_the_table_stands_below_the_answer(make_run: MakeRun) -> None:
    paths = make_run(["age", "sex"])
    record = json.loads(paths.provenance.read_text())
    record["data"]["notes"] = ["Dropped 6 of 303 rows with <missing> values."]
    paths.provenance.write_text(json.dumps(record))
    page = write_report(paths.root).read_text(encoding="utf-8")
    line = "<li>Dropped 6 of 303 rows with &lt;missing&gt; values.</li>"
    assert page.index(line) < page.index('id="ranking"')
    assert "Dropped 6 of 303 rows with &lt;missing&gt; values." in page[page.index('id="methods-text"') :]


@pytest.mark.usefixtures("undrawn")
def test_twenty_thousand_features_make_a_small_page(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"gene {number:05d}" for number in range(20_000)]
    page = write_report(make_run(names, members=2).root)
    assert page.stat().st_size < 3e6
    data = json.loads(
        re.findall(r'type="application/json">(.*?)</script>', page.read_text(), flags=re.DOTALL)[0]
    )
    assert len(data["names"]) == 20_000
    assert all(len(column["values"]) in (0, 2, 20_000) for column in data["columns"])


def test_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_run_without_a_ranking_says_what_failed(make_run: MakeRun) -> None:
    paths = make_run(["age", "sex"])
    paths.ranking.unlink()
    record = json.loads(paths.provenance.read_text())
    record["failures"] = ["method gate: MethodError: no gate"]
    paths.provenance.write_text(json.dumps(record))
    with pytest.raises(InputError, match="no ranking: method gate: MethodError: no gate; mend this"):
        write_report(paths.root)


@pytest.mark.usefixtures("undrawn")
def test_a_printed_page_says_that_it_has_the_first_rows_only(make_run: MakeRun) -> None:
    note = '<p class="quiet on-paper">All 51 are in ranking.csv.</p>'
    names = [f"f{number:02d}" for number in range(51)]
    page = write_report(make_run(names, full=True).root).read_text(encoding="utf-8")
    assert note in page
    assert '<th scope="col" class="number">importance</th>' in page
    assert page.count("on-paper") == 3  # the note and two rules


def test_nothing_heavy_is_loaded(make_run: MakeRun) -> None:
    script = (
        "import sys, deepfeat.report.page\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from deepfeat.cli import main; sys.argv = ['deepfeat', 'report', sys.argv[1]]\n"
        "try: main()\n"
        "except SystemExit as left: assert not left.code, left.code\n"
        "assert not {'tensorflow', 'keras', 'shap', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    paths = make_run(["a", "b"], full=True)
    done = subprocess.run(
        [sys.executable, "-c", script, str(paths.root)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == str(paths.report)
    assert paths.report.is_file()
