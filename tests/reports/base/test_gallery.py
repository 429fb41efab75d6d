"""Which pictures are shown, and what of each."""

import math

import numpy as np

from pipelines.core.imaging.picture import decode_picture
from pipelines.metrics.base.metric import describe
from pipelines.metrics.base.results import Evaluation, PictureScores
from pipelines.reports.base.gallery import choose_pictures, gallery_entry
from tests import drawings


def evaluation(scores: dict[str, float | None], *, metric: str = "psnr", failed: tuple[str, ...] = ()) -> Evaluation:
    rows = [PictureScores("m", name, {metric: score}) for name, score in scores.items()]
    rows += [PictureScores("m", name, {}, problem="cannot be read") for name in failed]
    return Evaluation("truth", (describe(metric),), (), tuple(rows))


def test_the_worst_come_first_whichever_way_is_better() -> None:
    scores: dict[str, float | None] = {"a": 20.0, "b": math.inf, "c": 10.0}
    assert choose_pictures(evaluation(scores), 10) == ["c", "a", "b"]
    assert choose_pictures(evaluation({"a": 2.0, "c": 1.0}, metric="delta_e"), 10) == ["a", "c"]


def test_of_many_the_worst_two_thirds_and_the_best_third_are_shown() -> None:
    chosen = choose_pictures(evaluation({f"{at:02}": float(at) for at in range(30)}), 6)
    assert chosen == ["00", "01", "02", "03", "28", "29"]
    assert choose_pictures(evaluation({"a": 1.0}), 0) == []


def test_failed_pictures_come_first_of_all() -> None:
    assert choose_pictures(evaluation({"a": 1.0, "b": 2.0}, failed=("z",)), 2) == ["z", "a"]


def test_an_entry_has_small_copies_and_maps_of_what_can_be_shown() -> None:
    coloured = drawings.png(drawings.two_circles_coloured(400))
    files = {
        "truth.png": coloured,
        "lines.png": drawings.png(drawings.two_circles(400)),
        "hints.png": drawings.png(drawings.two_hints(400)),
        "near.png": coloured,
        "far.png": b"not a picture",
    }
    beside = {"truth": "truth.png", "lines": "lines.png", "hints": "hints.png"}
    rows = [
        PictureScores("near", "a", {}, files=beside | {"result": "near.png"}),
        PictureScores("far", "a", {}, "cannot be read", files=beside | {"result": "far.png"}),
        PictureScores("gone", "a", {}, "no picture", files=beside),
    ]
    entry = gallery_entry("a", rows, files)
    assert list(entry.pictures) == ["lines", "hints", "method near", "truth"]
    assert list(entry.maps) == ["near"]
    assert all(max(decode_picture(data).rgb.shape) == 320 for data in entry.pictures.values())
    assert int(np.max(decode_picture(entry.maps["near"]).rgb)) <= 8, "what is equal is black"


def test_a_result_that_was_not_measured_has_no_map() -> None:
    coloured = drawings.png(drawings.two_circles_coloured())
    row = PictureScores("m", "a", {}, "another size", files={"truth": "t", "result": "r"})
    entry = gallery_entry("a", [row], {"t": coloured, "r": coloured})
    assert set(entry.pictures) == {"method m", "truth"}
    assert entry.maps == {}
