"""The page for blind votes, and how its pairs are drawn."""

import base64
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np

from pipelines.evaluate import References, evaluate
from pipelines.metrics.base.results import PictureScores
from pipelines.reports.ballot import draw
from tests.reports.pages import ONE, OPTIONS, HtmlPage, check_self_contained


def test_the_page_is_well_formed_and_needs_no_network(report: Path) -> None:
    page = check_self_contained((report / "ab.html").read_text(encoding="utf-8"))
    assert len(page.images) >= 8


def test_the_blind_page_names_no_method(report: Path) -> None:
    page = HtmlPage((report / "ab.html").read_text(encoding="utf-8"))
    assert not re.search(r"\b(near|far)\b", page.words)
    alts = [image["alt"] for image in page.images]
    assert set(alts) <= {"Left picture", "Right picture", "line art", "picture to rate"}


def test_the_page_is_the_same_again(report: Path) -> None:
    first = (report / "ab.html").read_bytes()
    (report / "ab.html").unlink()
    work = report.parent
    evaluate(
        [str(work / "near"), str(work / "far")],
        References(str(work / "truth"), str(work / "lines"), str(work / "hints")),
        str(report),
        options=OPTIONS,
        batch=ONE,
    )
    assert (report / "ab.html").read_bytes() == first


def rows(methods: dict[str, int]) -> list[PictureScores]:
    """So many pictures of each method, named 0, 1, ..."""
    return [
        PictureScores(method, str(at), {}, files={"result": f"{method}/{at}", "lines": f"lines/{at}"})
        for method, count in methods.items()
        for at in range(count)
    ]


def test_every_pair_of_methods_is_drawn_as_often_and_each_picture_once() -> None:
    pairs = draw(rows({"a": 40, "b": 40, "c": 40}), 60, np.random.default_rng(0))
    assert len(pairs) == len({(pair.name, frozenset((pair.left, pair.right))) for pair in pairs}) == 60
    assert set(Counter(frozenset((pair.left, pair.right)) for pair in pairs).values()) == {20}
    on_the_left = Counter(pair.left for pair in pairs if {pair.left, pair.right} == {"a", "b"})
    assert 4 <= on_the_left["a"] <= 16, "sides are drawn at random"
    for pair in pairs:
        assert pair.files == (f"{pair.left}/{pair.name}", f"{pair.right}/{pair.name}", f"lines/{pair.name}")


def test_there_are_no_more_pairs_than_pictures_that_both_have() -> None:
    listed = [*rows({"a": 3, "b": 2}), PictureScores("b", "2", {}, problem="cannot be read")]
    assert {pair.name for pair in draw(listed, 30, np.random.default_rng(0))} == {"0", "1"}
    assert draw(rows({"a": 3}), 30, np.random.default_rng(0)) == ()


def test_the_names_are_sealed_in_the_page_in_the_order_of_its_slides(report: Path) -> None:
    text = (report / "ab.html").read_text(encoding="utf-8")
    key = re.search(r'data-key="([^"]*)"', text)
    assert key is not None
    sealed = json.loads(base64.b64decode(key[1]))
    assert len(sealed["pairs"]) == len(sealed["ratings"]) == 2
    for name, left, right in sealed["pairs"]:
        assert {left, right} == {"near", "far"}
        assert name in ("a <b> & 'c' \"d\"", "b"), "c has no result of far"
