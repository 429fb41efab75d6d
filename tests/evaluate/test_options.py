"""What can be asked of an evaluation, and what each refusal says."""

from pathlib import Path

import pytest

from pipelines.core.errors import SettingsError, UsageError
from pipelines.evaluate.options import (
    EvaluateOptions,
    References,
    check_options,
    choose_metrics,
    describe_unmeasured,
    name_methods,
    weight_digests,
)

ALONE = References("truth")
WITH_LINES = References("truth", lines="lines")
WITH_ALL = References("truth", lines="lines", hints="hints")


def test_without_a_choice_all_metrics_are_measured_for_which_the_pictures_are_there() -> None:
    alone, with_lines, with_all = (
        choose_metrics(EvaluateOptions(), references) for references in (ALONE, WITH_LINES, WITH_ALL)
    )
    assert alone[:4] == ("psnr", "ssim", "ms_ssim", "delta_e"), "the columns that people look for first"
    assert list(alone[4:]) == sorted(alone[4:])
    assert set(alone) < set(with_lines) < set(with_all)
    assert set(with_all) - set(with_lines) == {"hint_obedience"}
    assert "consistency" not in with_all
    assert "consistency" in choose_metrics(EvaluateOptions(frames=True), WITH_ALL)
    assert not {"lpips", "gram", "fid", "kid"} & set(with_all), "nothing is measured without its network"


def test_weights_bring_their_metric_with_them() -> None:
    assert "gram" in choose_metrics(EvaluateOptions(weights={"gram": "vgg.pth"}), ALONE)


def test_a_choice_keeps_its_order_and_names_each_metric_once() -> None:
    assert choose_metrics(EvaluateOptions(metrics=("ssim", "psnr", "ssim")), ALONE) == ("ssim", "psnr")


@pytest.mark.parametrize(
    ("metric", "hint"),
    [
        ("line_f1", "--lines"),
        ("bleed_rate", "--lines"),
        ("hint_obedience", "--hints"),
        ("lpips", "--weights lpips=FILE"),
    ],
)
def test_a_metric_that_lacks_something_says_what(metric: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"{metric} needs") as caught:
        choose_metrics(EvaluateOptions(metrics=(metric,)), ALONE)
    assert hint in caught.value.hint
    with pytest.raises(UsageError, match="frames"):
        choose_metrics(EvaluateOptions(metrics=("consistency",)), WITH_ALL)


def test_metrics_left_out_for_want_of_a_folder_are_named_by_option() -> None:
    metrics = choose_metrics(EvaluateOptions(), ALONE)
    of_lines, of_hints = describe_unmeasured(EvaluateOptions(), metrics)
    assert of_lines.startswith("not measured without --lines: ")
    assert {"line_f1", "region_purity"} <= set(of_lines.partition(": ")[2].split(", "))
    assert of_hints == "not measured without --hints: hint_obedience"
    assert not list(describe_unmeasured(EvaluateOptions(), choose_metrics(EvaluateOptions(), WITH_ALL)))
    assert not list(describe_unmeasured(EvaluateOptions(metrics=("psnr",)), ("psnr",))), "others were not wanted"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (EvaluateOptions(compare=(("flat", "flatt"),)), UsageError, "no method 'flatt'"),
        (EvaluateOptions(compare=(("flat", "flat"),)), UsageError, "cannot be compared with itself"),
        (EvaluateOptions(fail_under={"ssim": 1.0}), SettingsError, "'ssim' is not measured"),
        (EvaluateOptions(fail_over={"ssim": 1.0}), SettingsError, "'ssim' is not measured"),
        (EvaluateOptions(fail_over={"psnr": float("nan")}), SettingsError, "the limit of psnr is not a number"),
        (EvaluateOptions(ballot=3), UsageError, "nothing to choose from"),
    ],
)
def test_what_cannot_be_answered_is_refused(options: EvaluateOptions, error: type[UsageError], words: str) -> None:
    with pytest.raises(error, match=words):
        check_options(options, ("psnr",), ("flat",))


def test_what_can_be_answered_is_not_refused() -> None:
    options = EvaluateOptions(compare=(("flat", "mine"),), fail_under={"psnr": 20.0}, ballot=3)
    check_options(options, ("psnr",), ("flat", "mine"))


def test_methods_are_called_by_their_folder_or_as_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flat").mkdir()
    (tmp_path / "a=b").mkdir()
    places = name_methods(["flat/", "mine=runs/7", "a=b", "one/picture.png"])
    assert places == {
        "flat": Path("flat"),
        "mine": Path("runs/7"),
        "a=b": Path("a=b"),  # a folder that is there is no label
        "picture": Path("one/picture.png"),
    }
    assert list(name_methods(["."])) == [tmp_path.name]


@pytest.mark.parametrize("text", ["=x", "..=x", "a/b=x", "a:b=x", "a\nb=x"])
def test_labels_must_be_names_of_folders(text: str) -> None:
    with pytest.raises(UsageError, match="no name for a method"):
        name_methods([text])


def test_labels_differ_and_there_is_at_least_one() -> None:
    with pytest.raises(UsageError, match="two methods are called 'a'"):
        name_methods(["a=x", "a=y"])
    with pytest.raises(UsageError, match="there are no results"):
        name_methods([])


def test_weights_are_known_by_their_content(tmp_path: Path) -> None:
    for name, content in (("one", b"1"), ("two", b"2"), ("again", b"1")):
        (tmp_path / name).write_bytes(content)
    digests = [weight_digests({"gram": str(tmp_path / name)})["gram"] for name in ("one", "two", "again")]
    assert digests[0] == digests[2] != digests[1]
    with pytest.raises(UsageError, match="weights of gram cannot be read"):
        weight_digests({"gram": str(tmp_path / "none")})
