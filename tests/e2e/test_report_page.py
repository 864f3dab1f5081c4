"""The page of a real run in a real browser: it works, says nothing to the network, and anyone can use it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.e2e

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make e2e")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed: make e2e")

ROOT = Path(__file__).parents[2]
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
NASTY = [
    "<img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "two\nlines",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}\N{HEBREW LETTER FINAL MEM}",
    "\u202eturned around",
    "long" * 50,
]
METHODS = "gate, first_layer, permutation, integrated_gradients, {shap: {rows: 5, background: 5}}, ridge"


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run that was typed: 66 features, some with names that want to do harm."""
    folder = tmp_path_factory.mktemp("run")
    generator = np.random.default_rng(0)
    names = [*NASTY, *(f"feature {number:02d}" for number in range(60))]
    table = pd.DataFrame(generator.normal(size=(240, len(names))), columns=names)
    table["ill"] = np.where(
        table["feature 07"] + 0.5 * table[NASTY[0]] + 0.3 * generator.normal(size=240) > 0, "yes", "no"
    )
    table.to_parquet(folder / "table.parquet")
    experiment = folder / "experiment.yml"
    experiment.write_text(
        "name: real\ndata: {path: table.parquet, target: ill}\nnetwork: {preset: default, units: [8]}\n"
        f"training: {{models: 4, epochs: 20}}\nmethods: [{METHODS}]\n"
    )
    command = [sys.executable, "-m", "deepfeat", "run", str(experiment), "--output", str(folder / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    page: Path = folder / "out" / "real" / "report.html"
    assert str(page) in done.stdout
    return page


@pytest.fixture(scope="session")
def browser() -> Iterator["playwright.Browser"]:
    """Debian's Chromium, without a window."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("THERE IS NO CHROMIUM: install it (apt-get install chromium) to test the page of a run")
    with playwright.sync_playwright() as tool:
        started = tool.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: "playwright.Browser", page_file: Path) -> Iterator[Callable[..., "playwright.Page"]]:
    """Opens the page; afterwards there must have been no error and no request but for the page itself."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_(size: str = "desktop", scheme: str = "light", *, scripts: bool = True) -> "playwright.Page":
        context = browser.new_context(viewport=SIZES[size], color_scheme=scheme, java_script_enabled=scripts)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} == {page_file.as_uri()}


def column(page: "playwright.Page", number: int) -> list[str]:
    """The cells of a column of the ranking, as they are shown."""
    return page.locator(f"#ranking-table tbody tr > :nth-child({number})").all_inner_texts()


def test_sorts_by_any_column_both_ways(open_page: Callable) -> None:
    page = open_page()
    assert column(page, 1) == [str(rank) for rank in range(1, 51)]
    page.get_by_role("button", name="Importance").click()
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Importance")
    values = [float(text) for text in column(page, 3)]
    assert values == sorted(values, reverse=True)
    page.get_by_role("button", name="Importance").click()
    values = [float(text) for text in column(page, 3)]
    assert values == sorted(values)
    assert column(page, 1)[0] == "66"
    page.get_by_role("button", name="Feature", exact=True).press("Enter")
    plain = [name for name in column(page, 2) if name.startswith("feature")]
    assert plain == sorted(plain)


def test_finds_features_by_parts_of_their_names(open_page: Callable) -> None:
    page = open_page()
    page.get_by_label("Find").fill("05 FEATURE")
    assert column(page, 2) == ["feature 05"]
    assert "of 1 found among 66" in page.get_by_role("status").first.inner_text()
    page.get_by_label("Find").fill("onerror")
    assert column(page, 2) == [NASTY[0]]
    page.get_by_label("Find").fill("nothing like it")
    assert column(page, 2) == []
    assert "No feature" in page.get_by_role("status").first.inner_text()


def test_turns_pages_and_shows_more_columns(open_page: Callable) -> None:
    page = open_page()
    page.get_by_role("button", name="Next").click()
    assert column(page, 1) == [str(rank) for rank in range(51, 67)]
    assert page.get_by_role("button", name="Next").is_disabled()
    page.get_by_label("Rows").select_option("100")
    assert len(column(page, 1)) == 66
    heading = page.locator("#ranking-table th", has_text="permutation")
    page.get_by_label("Methods", exact=True).uncheck()
    assert not heading.is_visible()
    page.get_by_label("Methods", exact=True).check()
    assert heading.is_visible()


def test_changes_the_theme_and_remembers_it(open_page: Callable) -> None:
    page = open_page(scheme="light")

    def paper() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = paper()
    page.get_by_role("button", name="Dark").click()
    dark = paper()
    assert dark != light
    assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
    page.reload()
    assert paper() == dark
    page.get_by_role("button", name="Auto").click()
    assert paper() == light


def test_figures_follow_the_theme(open_page: Callable) -> None:
    ink = "getComputedStyle(document.querySelector('.drawing svg text')).fill"
    assert open_page(scheme="light").evaluate(ink) != open_page(scheme="dark").evaluate(ink)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_anyone_can_use_it(open_page: Callable, size: str, scheme: str) -> None:
    page = open_page(size, scheme)
    page.get_by_label("Methods", exact=True).check()
    for summary in page.locator("details > summary").all()[:4]:
        summary.click()
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_works_from_the_keyboard(open_page: Callable) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    page.keyboard.press("Enter")
    assert page.url.endswith("#answer")


def test_can_be_read_without_scripts(open_page: Callable) -> None:
    page = open_page(scripts=False)
    assert page.locator("#ranking-table tbody tr").count() == 50
    assert not page.locator("#ranking-controls").is_visible()
    assert page.locator(".answer p").count() == 2
    assert page.locator(".drawing svg").count() >= 6


def test_names_are_shown_harmlessly(open_page: Callable) -> None:
    page = open_page()
    page.get_by_label("Rows").select_option("100")
    names = column(page, 2)
    assert NASTY[0] in names
    assert NASTY[1] in names
    assert r"two\nlines" in names
    assert NASTY[3] in names
    assert r"\u202eturned around" in names
    assert any(re.fullmatch(r"(long)+l?o?n?…n?g?(long)+", name) for name in names)
    assert page.locator("img[src=x]").count() == 0


def test_prints_on_white(open_page: Callable) -> None:
    page = open_page(scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".contents").is_visible()
    assert page.pdf()[:4] == b"%PDF"
