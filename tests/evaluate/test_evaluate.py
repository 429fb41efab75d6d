"""Evaluation from folders to reports: figures, caching, errors, limits, comparisons."""

import csv
import dataclasses
import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.core.batch.plan import BatchSettings
from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import MissingPackageError, SettingsError, UsageError
from pipelines.evaluate import EvaluateOptions, References, _evaluation_report, evaluate
from tests import drawings
from tests.core.batch.test_folders import refuse_scans_of
from tests.evaluate.asking import ONE, ask, value

ROOT = Path(__file__).resolve().parents[2]


# the report


def test_the_report_of_the_run_is_carried_over_whole_but_for_the_folder() -> None:
    run_report = Report(
        command="evaluate",
        settings={"resize": True},
        records=(Record("a.png", (), "failed", "damaged"),),
        seconds=1.5,
        dry_run=True,
        stopped_by="failure",
        output="-",
        notes=("a note",),
        passed_over={".psd": 1},
        checked=True,
    )
    fields = dataclasses.fields(Report)
    unset = [field.name for field in fields if getattr(run_report, field.name) == field.default]
    assert unset == [], "a field of the report that this test has to set"
    carried = _evaluation_report(run_report, "report/")
    assert carried.output == "report/"
    for name in {field.name for field in fields} - {"output"}:
        assert getattr(carried, name) == getattr(run_report, name), name
    assert carried.evaluation is None


# figures and files


def test_methods_are_measured_side_by_side_and_written_down(work: Path) -> None:
    report = ask(work, "good", "bad")
    assert report.exit_code == 0
    assert report.counts == {"done": 10, "skipped": 0, "failed": 0}
    assert value(report, "good", "psnr") > value(report, "bad", "psnr") + 10
    assert value(report, "good", "delta_e") < value(report, "bad", "delta_e")
    written = json.loads((work / "report" / "report.json").read_bytes())
    psnr = written["methods"]["good"]["metrics"]["psnr"]
    assert psnr["value"] == pytest.approx(value(report, "good", "psnr"))
    assert psnr["low"] <= psnr["value"] <= psnr["high"]
    assert (psnr["n"], psnr["of"], psnr["infinite"]) == (5, 5, 0)
    assert len(written["pictures"]) == 10
    figures = [row["figures"]["psnr"] for row in written["pictures"] if row["method"] == "good"]
    assert np.mean(figures) == pytest.approx(psnr["value"])


def test_csv_holds_every_picture(work: Path) -> None:
    ask(work, "good", "bad")
    rows = list(csv.DictReader(io.StringIO((work / "report" / "report.csv").read_text(encoding="utf-8"))))
    assert {(row["method"], row["picture"]) for row in rows} == {
        (method, f"set/{index}") for method in ("good", "bad") for index in range(5)
    }
    assert float(rows[0]["psnr"]) > 30


def test_the_table_marks_the_best_and_says_n(work: Path) -> None:
    table = ask(work, "good", "bad", metrics=("psnr", "delta_e")).table
    head, good, _, bad, *_ = table.splitlines()
    assert head.split()[:2] == ["method", "n"]
    assert good.split()[:2] == ["good", "5"]
    assert good.count("*") == 2
    assert "*" not in bad


def test_workers_and_one_process_give_the_same_bytes(work: Path) -> None:
    ask(work, "good", output="one")
    ask(work, "good", output="two", batch=BatchSettings(jobs=2))
    names = [path.relative_to(work / "one") for path in sorted((work / "one").rglob("*.json"))]
    assert len(names) == 6
    for name in names:
        assert (work / "one" / name).read_bytes() == (work / "two" / name).read_bytes()


def test_unchanged_pictures_are_not_measured_again(work: Path) -> None:
    first = ask(work, "good")
    second = ask(work, "good")
    assert second.counts == {"done": 0, "skipped": 5, "failed": 0}
    assert second.table == first.table
    drawings.write(work / "good/set/3.png", drawings.two_circles_coloured())
    assert ask(work, "good").counts == {"done": 1, "skipped": 4, "failed": 0}
    assert ask(work, "good", "bad").counts == {"done": 5, "skipped": 5, "failed": 0}, "a new method alone is new work"


def test_metrics_that_lack_their_partner_are_named(work: Path) -> None:
    report = evaluate([str(work / "good")], References(str(work / "truth")), str(work / "report"), batch=ONE)
    assert "psnr" in report.table
    assert "line_exactness" not in report.table
    assert any("--lines" in note and "line_exactness" in note for note in report.notes)
    assert any("--hints" in note and "hint_obedience" in note for note in report.notes)


def test_a_picture_without_hints_lowers_n_of_that_metric_alone(work: Path) -> None:
    (work / "hints/set/2.png").unlink()
    report = ask(work, "good")
    assert report.evaluation is not None
    aggregates = report.evaluation.methods[0].aggregates
    assert (aggregates["hint_obedience"].n, aggregates["hint_obedience"].of) == (4, 5)
    assert aggregates["psnr"].n == 5
    assert "n=4" in report.table
    assert any("1 of 5 pictures have nothing in --hints" in note for note in report.notes)


def test_line_art_that_fits_no_picture_and_one_file_for_a_folder_are_refused(work: Path) -> None:
    drawings.write(work / "other" / "x.png", drawings.two_circles())
    for place, words in (("other", "nothing in --lines has the name"), ("lines/set/0.png", "is one file")):
        with pytest.raises(UsageError, match=words):
            evaluate(
                [str(work / "good")], References(str(work / "truth"), str(work / place)), str(work / "r"), batch=ONE
            )


def test_figures_that_were_changed_by_hand_or_damaged_are_measured_again(work: Path) -> None:
    first = value(ask(work, "good"), "good", "psnr")
    kept = sorted((work / "report" / "pictures").rglob("*.json"))
    kept[0].write_text(kept[0].read_text().replace('"psnr": ', '"psnr": 9'))
    kept[1].write_text("{")
    report = ask(work, "good")
    assert report.exit_code == 0
    assert report.counts["done"] == 2
    assert value(report, "good", "psnr") == first


def test_too_few_pictures_give_no_verdict_and_none_in_common_is_said(work: Path) -> None:
    table = ask(work, "good", "bad", compare=(("bad", "good"),), metrics=("psnr",)).table
    assert "too few pictures for a verdict (5), good ahead" in table
    for number in range(5):
        (work / ("good" if number < 3 else "bad") / f"set/{number}.png").unlink()
    report = ask(work, "good", "bad", output="apart", compare=(("bad", "good"),), metrics=("psnr",))
    assert any("no picture in common" in note for note in report.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"compare": (("good", "good"),)}, "cannot be compared with itself"),
        ({"fail_under": {"psnr": float("nan")}}, "is not a number"),
    ],
)
def test_questions_without_an_answer_are_refused(work: Path, options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ask(work, "good", **options)


def test_one_file_can_be_evaluated(work: Path) -> None:
    report = evaluate(
        [str(work / "good/set/0.png")], References(str(work / "truth/set/0.png")), str(work / "report"), batch=ONE
    )
    assert report.exit_code == 0
    assert report.evaluation is not None
    (row,) = report.evaluation.rows
    assert (row.method, row.name) == ("0", "0")
    written = json.loads((work / "report/report.json").read_bytes())
    assert written["methods"]["0"]["metrics"]["psnr"]["low"] == "-inf", "one picture has no interval"


def test_alpha_is_laid_over_white(work: Path) -> None:
    clear = np.zeros((8, 8, 4), np.uint8)
    drawings.write(work / "a/x.png", clear)
    drawings.write(work / "b/x.png", np.full((8, 8, 3), 255, np.uint8))
    report = evaluate([str(work / "a")], References(str(work / "b")), str(work / "report"), batch=ONE)
    assert value(report, "a", "delta_e") == 0


def test_numbered_names_are_frames_only_when_said(work: Path) -> None:
    assert "consistency" not in ask(work, "good").table
    assert value(ask(work, "good", frames=True), "good", "consistency") < 1


# bad input


def test_odd_names_come_through_everywhere(tmp_path: Path) -> None:
    for folder in ("truth", "one", "two"):
        for name in (b"caf\xe9.png", b"new\nline.png", b"=1+1.png"):
            drawings.write(tmp_path / folder / os.fsdecode(name), drawings.two_circles_coloured())
    report = evaluate(
        [f"a b={tmp_path / 'one'}", str(tmp_path / "two")],
        References(str(tmp_path / "truth")),
        str(tmp_path / "report"),
        options=EvaluateOptions(ballot=4, compare=(("a b", "two"),)),
        batch=ONE,
    )
    assert report.exit_code == 0
    assert "equal" in report.table
    rows = list(csv.reader(io.StringIO((tmp_path / "report/report.csv").read_text(encoding="utf-8"))))
    assert {row[1] for row in rows[1:]} == {"'=1+1", "new\nline", "caf\\udce9"}
    again = json.loads((tmp_path / "report/report.json").read_bytes())
    assert {row["name"] for row in again["pictures"]} == {"=1+1", "new\nline", os.fsdecode(b"caf\xe9")}


def test_identical_pictures_are_counted_with_100_db_and_shown(work: Path) -> None:
    report = ask(work, f"same={work / 'truth'}")
    assert report.exit_code == 0
    assert value(report, "same", "psnr") == 100
    assert "5 inf" in report.table
    written = json.loads((work / "report/report.json").read_bytes())
    assert written["methods"]["same"]["metrics"]["psnr"]["infinite"] == 5
    assert written["pictures"][0]["figures"]["psnr"] == "inf"
    assert "NaN" not in (work / "report/report.json").read_text()
    again = ask(work, f"same={work / 'truth'}")
    assert value(again, "same", "psnr") == 100, "infinity survives the cache"


def test_missing_partners_on_either_side_are_rows(work: Path) -> None:
    (work / "good/set/1.png").unlink()
    drawings.write(work / "good/set/extra.png", drawings.two_circles_coloured())
    report = ask(work, "good")
    assert report.exit_code == 1
    assert report.counts == {"done": 4, "skipped": 0, "failed": 2}
    assert report.evaluation is not None
    problems = {row.name: row.problem for row in report.evaluation.rows if row.problem}
    assert "there is no picture 'set/1'" in problems["set/1"]
    assert "there is no truth 'set/extra'" in problems["set/extra"]
    assert report.evaluation.methods[0].aggregates["psnr"].of == 6
    assert "4 of 6" in report.table


def test_another_size_is_an_error_that_says_how_and_resize_heals_it(work: Path) -> None:
    small = cv2.resize(drawings.two_circles_coloured(), (48, 48), interpolation=cv2.INTER_AREA)
    drawings.write(work / "good/set/1.png", np.asarray(small, np.uint8))
    report = ask(work, "good")
    assert report.exit_code == 1
    (failed,) = report.of("failed")
    assert "the result: 48x48, the truth 96x96. Use --resize" in failed.reason
    healed = ask(work, "good", resize=True)
    assert healed.exit_code == 0
    assert healed.evaluation is not None
    assert any("resized" in warning for row in healed.evaluation.rows for warning in row.warnings)


def test_an_unreadable_picture_is_named_and_the_rest_is_measured(work: Path) -> None:
    (work / "good/set/2.png").write_bytes(b"not a picture")
    (work / "hints/set/3.png").write_bytes((work / "hints/set/3.png").read_bytes()[:50])
    report = ask(work, "good")
    assert report.exit_code == 1
    reasons = {Path(record.input).stem: record.reason for record in report.of("failed")}
    assert reasons["2"].startswith("the result: ")
    assert reasons["3"].startswith("the hints: ")
    assert report.counts["done"] == 3
    assert (work / "report/report.html").exists()


def test_hints_without_transparency_are_refused(work: Path) -> None:
    drawings.write(work / "hints/set/0.png", drawings.two_circles_coloured())
    report = ask(work, "good")
    assert "opaque" in report.of("failed")[0].reason


def test_all_pictures_failing_still_leaves_a_report(work: Path) -> None:
    for path in (work / "good").rglob("*.png"):
        path.write_bytes(b"")
    report = ask(work, "good")
    assert report.exit_code == 1
    assert math.isnan(value(report, "good", "psnr"))
    assert json.loads((work / "report/report.json").read_bytes())["methods"]["good"]["metrics"]["psnr"]["value"] is None


@pytest.mark.parametrize(
    ("methods", "options", "words"),
    [
        (("good", "good"), {}, "two methods are called 'good'"),
        (("a/b=good",), {}, "no name for a method"),
        (("nowhere",), {}, "does not exist"),
        ((), {}, "there are no results"),
        (("good",), {"compare": (("good", "other"),)}, "no method 'other'"),
        (("good",), {"metrics": ("psnrr",)}, "Did you mean 'psnr'"),
        (("good",), {"metrics": ("lpips",)}, "--weights lpips=FILE"),
        (("good",), {"ballot": 5}, "two folders"),
        (("good",), {"output": "truth"}, "both input and output"),
        (("good",), {"output": "good"}, "both input and output"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(
    work: Path, methods: tuple[str, ...], options: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ask(work, *methods, **options)
    assert words in str(caught.value)
    assert not (work / "report").exists()


def test_a_metric_that_is_asked_for_must_have_what_it_needs(work: Path) -> None:
    for metric, option in (("line_f1", "--lines"), ("bleed_rate", "--lines"), ("hint_obedience", "--hints")):
        with pytest.raises(UsageError, match=option):
            evaluate(
                [str(work / "good")],
                References(str(work / "truth")),
                str(work / "report"),
                options=EvaluateOptions(metrics=(metric,)),
            )


def test_a_missing_package_or_file_is_one_line_and_nothing_else_is_taken(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="weights of gram cannot be read"):
        ask(work, "good", weights={"gram": str(work / "none.pth")})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (work / "net.pt").write_bytes(b"x")
    with pytest.raises(MissingPackageError, match="torchmetrics") as caught:
        ask(work, "good", weights={"fid": str(work / "net.pt")})
    assert caught.value.exit_code == 2
    assert "pip install" in caught.value.hint


def test_a_report_folder_of_somebody_else_is_not_written_over(work: Path) -> None:
    (work / "report").mkdir()
    (work / "report/report.json").write_text("mine")
    with pytest.raises(Exception, match="in the way"):
        ask(work, "good")
    assert (work / "report/report.json").read_text() == "mine"


# judging


def test_limits_fail_the_run(work: Path) -> None:
    assert ask(work, "good", fail_under={"psnr": 20.0}, fail_over={"delta_e": 20.0}).exit_code == 0
    report = ask(work, "good", "bad", fail_under={"psnr": 20.0})
    assert report.exit_code == 1
    assert "bad: psnr" in report.table
    assert "is under 20: failed (--fail-under)" in report.table
    assert ask(work, "bad", fail_over={"delta_e": 1.0}).exit_code == 1
    with pytest.raises(SettingsError, match="not measured"):
        ask(work, "good", fail_under={"psnrr": 1.0})


def test_a_comparison_says_by_how_much_and_how_sure(work: Path) -> None:
    report = ask(work, "bad", "good", metrics=("psnr", "delta_e"), compare=(("bad", "good"),))
    assert report.evaluation is not None
    psnr, delta_e = report.evaluation.comparisons
    assert psnr.paired.larger == 5
    assert psnr.paired.mean == pytest.approx(value(report, "good", "psnr") - value(report, "bad", "psnr"))
    assert psnr.paired.p_permutation == pytest.approx(2 / 32)  # the least that five pairs can show
    assert delta_e.paired.smaller == 5
    assert "good ahead of bad by" in report.table
    assert "better on 100 % of 5 pictures" in report.table


def test_a_comparison_leaves_nothing_out_in_silence(work: Path) -> None:
    (work / "bad/set/4.png").unlink()
    report = ask(work, "bad", "good", metrics=("psnr",), compare=(("bad", "good"),))
    assert "of 4 pictures" in report.table
    assert "1 left out, which only one of them has" in report.table


def test_evaluate_does_not_load_torch(work: Path) -> None:
    code = (
        "import sys\n"
        "from pipelines.evaluate import evaluate, References\n"
        "from pipelines.core.batch.plan import BatchSettings\n"
        f"evaluate([{str(work / 'good')!r}], References({str(work / 'truth')!r}, {str(work / 'lines')!r}), "
        f"{str(work / 'report')!r}, batch=BatchSettings(jobs=1))\n"
        "assert not {'torch', 'torchmetrics'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr


def test_folders_that_cannot_be_read_are_rows_and_the_rest_is_measured(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("good", "truth"):
        (work / folder / f"lost in {folder}").mkdir()
        (work / folder / "sketch.psd").write_bytes(b"x")
        refuse_scans_of(f"lost in {folder}", monkeypatch)
    report = ask(work, "good")
    assert report.counts == {"done": 5, "skipped": 0, "failed": 2}
    assert {Path(record.input).name for record in report.of("failed")} == {"lost in good", "lost in truth"}
    assert report.passed_over == {".psd": 1}
