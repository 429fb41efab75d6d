"""The JSON of an evaluation holds all of it."""

import json

from pipelines.reports import data
from tests.reports.findings import small_evaluation


def test_everything_is_there_in_numbers_that_json_can_hold() -> None:
    constants: list[str] = []  # NaN and Infinity, which no standard knows
    written = json.loads(data.write(small_evaluation()), parse_constant=constants.append)
    assert constants == []
    assert (written["kind"], written["truth"], written["notes"]) == (data.KIND, "truth", ["a note"])
    assert list(written["metrics"]) == ["psnr", "delta_e"]
    assert written["metrics"]["psnr"]["unit"] == "dB"
    near = written["methods"]["near"]
    assert near["place"] == "runs/near"
    assert near["metrics"]["psnr"]["value"] == 54.0
    assert (near["metrics"]["psnr"]["n"], near["metrics"]["psnr"]["of"], near["metrics"]["psnr"]["infinite"]) == (
        3,
        3,
        1,
    )
    assert near["metrics"]["delta_e"]["n"] == 2
    assert written["methods"]["far"]["failed"] == 1


def test_each_picture_has_its_scores_or_its_problem() -> None:
    pictures = json.loads(data.write(small_evaluation()))["pictures"]
    assert len(pictures) == 6
    assert pictures[1]["figures"] == {"psnr": "inf", "delta_e": 0.0}
    assert pictures[2]["figures"] == {"psnr": 32.0, "delta_e": None}
    assert (pictures[5]["figures"], pictures[5]["problem"]) == ({}, "cannot be read")


def test_comparisons_have_their_sentence_and_limits_their_verdict() -> None:
    written = json.loads(data.write(small_evaluation()))
    psnr, delta_e = written["comparisons"]
    assert psnr["words"].startswith("psnr: ")
    assert (psnr["paired"]["larger"], psnr["dropped"]) == (2, 1)
    assert delta_e["paired"]["smaller"] == 2
    assert [(limit["method"], limit["metric"], limit["passed"]) for limit in written["limits"]] == [
        ("near", "psnr", True),
        ("far", "psnr", False),
        ("near", "delta_e", True),
        ("far", "delta_e", True),
    ]
