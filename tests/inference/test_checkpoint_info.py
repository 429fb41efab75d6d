"""Facts about what a checkpoint says of itself: which one is meant, which model it is, and what is wrong with it."""

import dataclasses
import json
import math
import os
from pathlib import Path

import pytest

from pipelines.core.errors import UsageError
from pipelines.core.files import sha256_of_file
from pipelines.inference import checkpoint_info
from pipelines.inference.checkpoint import (
    load_checkpoint,
    write_checkpoint,
)
from pipelines.inference.checkpoint_info import (
    INFO,
    SHIPPED,
    WEIGHTS,
    CheckpointInfo,
    check_weights,
    find_checkpoint,
    params_of,
    read_info,
    read_json,
    spec_of,
)
from pipelines.models import pix2pix
from tests.inference.checkpoints import PARAMS, card_of, change_card, weights_of

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_run_means_its_best_else_its_last(saved: Path) -> None:
    run = saved.parent
    assert find_checkpoint(run) == saved
    assert find_checkpoint(saved) == saved
    write_checkpoint(run / "best", card_of(9), weights_of(1))
    assert find_checkpoint(run) == run / "best"
    assert read_info(run).step == 9


def test_where_one_stands_is_found_too(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(saved)
    assert read_info(".").step == 3
    monkeypatch.chdir(saved.parent)
    assert read_info(".").step == 3
    with pytest.raises(UsageError, match="is no checkpoint"):
        find_checkpoint("/")


def test_what_is_no_checkpoint_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file.pth").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="is a file, not a checkpoint folder") as raised:
        load_checkpoint(tmp_path / "file.pth")
    assert "models import" in raised.value.hint
    with pytest.raises(UsageError, match=r"is no checkpoint: it has no model\.json"):
        load_checkpoint(tmp_path / "folder")
    with pytest.raises(UsageError, match="does not exist"):
        load_checkpoint(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"kind": "somebody else"}', "is not a model's card"),
        ('{"model": "pix2pix"}', "is not a model's card"),
        ('{"kind": "colorize-cli model", "version": 99}', r"another version of colorize-cli \(99\)"),
        ('{"kind": "colorize-cli model", "version": 1}', "model.json is damaged"),
        ('{"kind": "colorize-cli mod', "model.json is damaged"),
        ("[1, 2]", "model.json is damaged"),
        ("", "model.json is damaged"),
        ("\x00\x01", "model.json is damaged"),
        ("[" * 100_000, "model.json is damaged"),
        ('{"kind": "colorize-cli model", "version": "\\u001b[31m"}', r"another version of colorize-cli \(\\x1b\[31m\)"),
    ],
)
def test_a_card_that_is_foreign_or_damaged(saved: Path, text: str, words: str) -> None:
    (saved / INFO).write_text(text)
    with pytest.raises(UsageError, match=words) as raised:
        load_checkpoint(saved)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"figures": {"val_psnr": "x"}}, 'figures.val_psnr is "x", not a number'),
        ({"note": 5}, "note is 5, not a text"),
        ({"step": True}, "step is true, not a whole number"),
        ({"params": []}, "params is a list, not an object"),
        ({"frame": [1]}, "frame is a list, not width and height"),
    ],
)
def test_a_wrong_field_of_a_card_is_named(saved: Path, values: dict[str, object], words: str) -> None:
    change_card(saved, **values)
    with pytest.raises(UsageError, match=f"model.json is damaged: {words}"):
        read_info(saved)


def test_a_figure_that_is_no_number_is_null_on_the_card(saved: Path) -> None:
    change_card(saved, figures={"val_psnr": None})
    assert math.isnan(read_info(saved).figures["val_psnr"])


def test_a_card_nested_too_deeply_is_damaged(saved: Path) -> None:
    (saved / INFO).write_text("[" * 100_000)
    with pytest.raises(UsageError, match=r"model\.json is damaged"):
        read_info(saved)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"params": {"ngf": "many"}}, "ngf"),
        ({"params": {"depth": 3}}, "no setting 'depth'"),
        ({"params": {"ngf": -1}}, "ngf = -1 is out of range"),
    ],
)
def test_params_that_this_version_does_not_have(saved: Path, values: dict[str, object], words: str) -> None:
    change_card(saved, **values)
    with pytest.raises(UsageError, match=words):
        load_checkpoint(saved)


def test_weights_are_checked_by_their_digest_without_reading_them(saved: Path) -> None:
    check_weights(saved)
    data = bytearray((saved / WEIGHTS).read_bytes())
    data[-5] ^= 1
    (saved / WEIGHTS).write_bytes(data)
    with pytest.raises(UsageError, match="is damaged"):
        check_weights(saved)
    (saved / WEIGHTS).write_bytes(b"anything at all")
    change_card(saved, weights_sha256=sha256_of_file(saved / WEIGHTS))
    check_weights(saved)
    (saved / WEIGHTS).unlink()
    with pytest.raises(UsageError, match=f"{WEIGHTS} is missing"):
        check_weights(saved)


def test_a_replacement_killed_between_its_renames_is_mended_to_the_new_one(saved: Path) -> None:
    run = saved.parent
    write_checkpoint(run / "next", card_of(8), weights_of(1))
    (run / "next").rename(run / ".last.writing")
    saved.rename(run / ".last.old")
    assert read_info(run).step == 8
    assert sorted(path.name for path in run.iterdir()) == ["last"]


def test_one_that_was_not_whole_yet_gives_way_to_the_old_one(saved: Path) -> None:
    run = saved.parent
    (run / ".last.writing").mkdir()
    (run / ".last.writing" / WEIGHTS).write_bytes(b"half")
    saved.rename(run / ".last.old")
    assert read_info(run).step == 3


# what a card says -------------------------------------------------------------------------------------------


def test_a_card_comes_back_as_it_was_written_with_the_digest_of_the_weights(saved: Path) -> None:
    info = read_info(saved)
    assert info.weights_sha256 == sha256_of_file(saved / WEIGHTS)
    assert dataclasses.replace(info, weights_sha256="") == card_of()


def test_params_and_spec_are_those_of_the_model(saved: Path) -> None:
    info = read_info(saved)
    assert params_of(info) == PARAMS
    assert spec_of(info) == pix2pix.network_spec(PARAMS)


def test_what_a_card_leaves_out_has_its_default(saved: Path) -> None:
    assert params_of(CheckpointInfo("pix2pix", {"ngf": 3})) == pix2pix.Params(ngf=3)


def test_a_bare_name_means_the_weights_that_are_shipped_and_a_path_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_checkpoint("fillnet") == SHIPPED / "fillnet"
    assert read_info("fillnet").model == "fillnet"
    check_weights(SHIPPED / "fillnet")
    for path in ("./fillnet", tmp_path / "fillnet"):
        with pytest.raises(UsageError, match="does not exist"):
            find_checkpoint(path if isinstance(path, str) else str(path))


@pytest.mark.parametrize(("content", "is_whole"), [("{}", True), ('{"a": [1]}', True), ("[]", False), ("{", False)])
def test_files_of_a_checkpoint_hold_one_object(tmp_path: Path, content: str, is_whole: bool) -> None:
    (tmp_path / "a.json").write_text(content)
    if is_whole:
        assert read_json(tmp_path / "a.json") == json.loads(content)
    else:
        with pytest.raises(UsageError, match=r"a\.json is damaged"):
            read_json(tmp_path / "a.json")


def test_the_frame_of_training_is_kept_and_worked_in(tmp_path: Path) -> None:
    wide = dataclasses.replace(card_of(), frame=(256, 128))
    write_checkpoint(tmp_path / "wide", wide, weights_of())
    assert read_info(tmp_path / "wide").frame == (256, 128)
    spec = spec_of(read_info(tmp_path / "wide"))
    assert (spec.frame, spec.frame_size, spec.size) == ((256, 128), (256, 128), 128)
    assert spec_of(card_of()).frame_size == (128, 128)


def test_cards_of_before_have_no_frame_and_damaged_ones_are_refused(saved: Path) -> None:
    about = json.loads((saved / INFO).read_text())
    del about["frame"]
    (saved / INFO).write_text(json.dumps(about))
    assert read_info(saved).frame is None
    for wrong in ([256], "256x128", [0, 4], [1.5, 2]):
        change_card(saved, frame=wrong)
        with pytest.raises(UsageError, match="is damaged"):
            read_info(saved)


def test_weights_are_read_once_while_they_stay_as_they_are(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counted(path: Path) -> str:
        read.append(path)
        return sha256_of_file(path)

    monkeypatch.setattr(checkpoint_info, "sha256_of_file", counted)
    check_weights(saved)
    check_weights(saved)
    assert len(read) == 1
    weights = saved / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    os.utime(weights, ns=(0, 0))
    with pytest.raises(UsageError, match="is damaged"):
        check_weights(saved)


@pytest.mark.parametrize(
    "values",
    [
        {"params": [1]},
        {"step": "many"},
        {"step": True},
        {"figures": {"val_psnr": "high"}},
        {"note": None},
        {"model": 3},
        {"model": "pix\x1b[31m"},
        {"weights_sha256": {}},
    ],
)
def test_what_a_card_says_has_its_kind(saved: Path, values: dict[str, object]) -> None:
    change_card(saved, **values)
    with pytest.raises(UsageError, match=r"model\.json is damaged"):
        read_info(saved)


def test_params_from_a_card_are_shown_with_their_escapes(saved: Path) -> None:
    change_card(saved, params={"norm": "\x1b]0;owned\x07"})
    with pytest.raises(UsageError) as raised:
        load_checkpoint(saved)
    assert str(raised.value).isprintable()
    assert r"\x1b]0;owned\x07" in str(raised.value)


def test_a_card_of_a_model_without_weights_is_one_line(saved: Path) -> None:
    change_card(saved, model="flat", params={})
    with pytest.raises(UsageError, match="the model 'flat' has no weights"):
        spec_of(read_info(saved))
