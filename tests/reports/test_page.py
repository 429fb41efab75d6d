"""The page of an evaluation: well-formed, self-contained, and as the figures say."""

import json
from pathlib import Path

from tests.reports.pages import HtmlPage, check_self_contained


def test_the_page_is_well_formed_and_needs_no_network(report: Path) -> None:
    page = check_self_contained((report / "report.html").read_text(encoding="utf-8"))
    assert len(page.images) >= 8


def test_the_page_says_what_the_figures_say(report: Path) -> None:
    page = HtmlPage((report / "report.html").read_text(encoding="utf-8"))
    written = json.loads((report / "report.json").read_bytes())
    assert f"{written['methods']['near']['metrics']['psnr']['value']:.2f}" in page.words
    assert "n = 3" in page.words
    assert "1 failed" in page.words
    assert "there is no picture 'c'" in page.words
    assert "a <b> & 'c' \"d\"" in page.words, "names are shown, not obeyed"
    assert written["comparisons"][0]["words"] in page.words
