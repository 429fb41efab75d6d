"""The work on one picture: what it hands to metrics, and what is read back of it."""

import json
import math
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from pipelines.core.batch.plan import Job
from pipelines.core.batch.report import Record
from pipelines.core.errors import MethodError, PictureError
from pipelines.core.imaging.picture import decode_picture
from pipelines.evaluate.task import MeasureTask, PictureJob, read_row
from tests import drawings
from tests.drawings import RED


def files(**others: bytes) -> dict[str, bytes]:
    """Result and truth that are the same, with line art and hints."""
    coloured = drawings.png(drawings.two_circles_coloured())
    alike = {"result": coloured, "truth": coloured}
    return alike | {"lines": drawings.png(drawings.two_circles()), "hints": drawings.png(drawings.two_hints())} | others


def measure(task: MeasureTask, pictures: dict[str, bytes]) -> dict[str, dict[str, object]]:
    produced = task(pictures, np.random.default_rng(0))
    (content,) = produced.files
    written: dict[str, dict[str, object]] = json.loads(content)
    return written


def test_scores_are_written_as_json_that_can_hold_them() -> None:
    written = measure(MeasureTask(("psnr", "delta_e")), files())
    assert written == {"figures": {"psnr": "inf", "delta_e": 0.0}, "warnings": []}


def test_a_metric_without_what_it_needs_for_this_picture_is_left_out() -> None:
    pictures = files()
    del pictures["hints"]
    written = measure(MeasureTask(("psnr", "hint_obedience", "line_f1")), pictures)
    assert set(written["figures"]) == {"psnr", "line_f1"}
    del pictures["lines"]
    assert set(measure(MeasureTask(("psnr", "line_f1", "bleed_rate")), pictures)["figures"]) == {"psnr"}


def test_numbers_have_nine_digits() -> None:
    result = drawings.two_circles_coloured()
    result[0, 0] = RED
    score = measure(MeasureTask(("delta_e",)), files(result=drawings.png(result)))["figures"]["delta_e"]
    assert isinstance(score, float)
    assert 0 < score == float(f"{score:.9g}")


def test_regions_are_found_only_where_a_metric_asks_for_them() -> None:
    pictures = {role: decode_picture(content) for role, content in files().items()}
    assert MeasureTask(("line_f1",)).case(pictures)[0].regions is None
    regions = MeasureTask(("region_purity",)).case(pictures)[0].regions
    assert regions is not None
    assert regions.max() >= 3, "two circles and what is around them"


def test_results_lie_over_white() -> None:
    clear = np.zeros((96, 96, 4), np.uint8)
    pictures = {role: decode_picture(content) for role, content in files(result=drawings.png(clear)).items()}
    case, warnings = MeasureTask(("psnr",)).case(pictures)
    assert (case.result == 255).all()
    assert warnings == []


@pytest.mark.parametrize("role", ["result", "lines", "hints"])
def test_another_size_is_refused_or_brought_to_the_truth_s(role: str) -> None:
    sources = {"result": drawings.two_circles_coloured, "lines": drawings.two_circles, "hints": drawings.two_hints}
    pictures = files(**{role: drawings.png(sources[role](48))})
    with pytest.raises(MethodError, match=f"the {role}: 48x48, the truth 96x96") as caught:
        measure(MeasureTask(("psnr",)), pictures)
    assert "--resize" in caught.value.hint
    task = MeasureTask(("psnr",), resize=True)
    assert measure(task, pictures)["warnings"] == [f"the {role} was resized: 48x48, the truth 96x96"]
    case, _ = task.case({name: decode_picture(content) for name, content in pictures.items()})
    assert case.result.shape == case.truth.shape == (96, 96, 3)
    assert case.hints is not None
    assert set(np.unique(case.hints[..., 3])) == {0, 255}, "hints stay hints or none"


def test_what_cannot_be_decoded_is_named() -> None:
    with pytest.raises(PictureError, match="the hints: "):
        measure(MeasureTask(("psnr",)), files(hints=b"not a picture"))
    with pytest.raises(PictureError, match="the hints: they are opaque all over"):
        measure(MeasureTask(("psnr",)), files(hints=drawings.png(drawings.two_circles_coloured())))


# back from the file


def picture(path: Path) -> PictureJob:
    return PictureJob("flat", "a", Job((("result", Path("r.png")),), (path,), PurePosixPath("a.png")))


def test_numbers_and_features_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    kept = {"psnr": "inf", "ssim": None, "delta_e": 1.5, "fid": "AAAA", "consistency": [[1.0, 2.0]]}
    path.write_text(json.dumps({"figures": kept, "warnings": ["resized"]}))
    row = read_row(picture(path), Record("r.png", (str(path),), "skipped"))
    assert (row.method, row.name, row.problem, row.warnings) == ("flat", "a", "", ("resized",))
    assert row.scores == {"psnr": math.inf, "ssim": None, "delta_e": 1.5}
    assert row.features == {"fid": "AAAA", "consistency": [[1.0, 2.0]]}
    assert row.files == {"result": "r.png"}


def test_a_failed_picture_keeps_its_reason(tmp_path: Path) -> None:
    row = read_row(picture(tmp_path / "a.json"), Record("r.png", (), "failed", "no such picture"))
    assert (row.scores, row.problem) == ({}, "no such picture")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"figures": 3, "warnings": []}', '{"figures": {}}'])
def test_a_damaged_file_is_a_problem_that_says_the_way_out(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    row = read_row(picture(path), Record("r.png", (str(path),), "done"))
    assert row.scores == {}
    assert row.problem.endswith("a.json is damaged. Use --overwrite")
    path.unlink()
    assert read_row(picture(path), Record("r.png", (str(path),), "done")).problem == row.problem
