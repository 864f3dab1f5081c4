"""Photographs the beginning of a report for the README: `python docs/images/take.py ExpOutput/breast_cancer`.

Needs Chromium and the development packages. Writes `docs/images/report.png`.
"""

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1120, 1500
COLOURS = 128


def main() -> None:
    """Open the page, and save what is seen of it with few colours, which keeps the file small."""
    page_file, picture = Path(sys.argv[1], "report.html").resolve(), Path(__file__).with_name("report.png")
    with sync_playwright() as tool:
        browser = tool.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5)
        page.goto(page_file.as_uri())
        page.screenshot(path=picture)
        browser.close()
    with Image.open(picture) as image:
        image.convert("RGB").quantize(COLOURS).save(picture, optimize=True)


if __name__ == "__main__":
    main()
