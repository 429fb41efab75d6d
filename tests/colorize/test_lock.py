"""`colorize --lock`: the same colours over frames, whatever paints, and what users meet."""

import errno
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from pipelines.colorize import Guides, colorize, reference
from pipelines.colorize import lock as lock_passes
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import MethodError
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.models import pix2pix
from pipelines.tracking.frames import survey
from tests import drawings
from tests.colorize.frames import HAND, HEAD, SIZE, at, frame, hints, run, seen
from tests.conftest import Cli
from tests.drawings import BLUE, GREEN, RED


@pytest.fixture
def art(walk: Path) -> Path:
    """Four frames, in the third of which the hand is hidden; hints for the first."""
    return walk


@pytest.fixture(autouse=True)
def _signals_stay() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    hook = threading.excepthook
    yield
    threading.excepthook = hook
    for number, handler in before.items():
        signal.signal(number, handler)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.glob("*.png"))}


@pytest.mark.parametrize("model", ["flat", "fillnet"])
def test_hints_for_one_frame_colour_all_of_them(art: Path, model: str) -> None:
    report = run(art, model=model, hints="hints", lock=True)
    assert report.counts == {"done": 4, "skipped": 0, "failed": 0}
    assert not any(record.warnings for record in report.records)
    assert seen(art) == {"head": [GREEN] * 4, "hand": [RED] * 3}


def test_hints_in_the_last_frame_serve_the_first(art: Path) -> None:
    drawings.write(art / "later" / "walk_3.png", hints(3, hand=BLUE))
    run(art, hints="later", lock=True)
    assert seen(art)["hand"] == [BLUE] * 3


def test_without_hints_a_part_has_one_colour_that_frames_alone_do_not_agree_on(art: Path) -> None:
    run(art, "alone")
    assert len(set(seen(art, "alone")["head"])) > 1
    run(art, "locked", lock=True)
    found = seen(art, "locked")
    assert len(set(found["head"])) == 1 and len(set(found["hand"])) == 1


def test_another_hint_by_hand_keeps_its_frame(art: Path) -> None:
    drawings.write(art / "hints" / "walk_3.png", hints(3, hand=BLUE))
    drawings.write(art / "hints" / "walk_1.png", hints(1, hand=RED))
    run(art, hints="hints", lock=True)
    assert seen(art)["hand"] == [RED, RED, BLUE]


def test_tracks_take_palette_colours_and_hints_stay(art: Path) -> None:
    drawings.write(art / "one" / "walk_0.png", hints(0, hand=RED))
    (art / "two.hex").write_text("1e3cc8\n28aa50\n")
    run(art, hints="one", palette="two.hex", lock=True)
    found = seen(art)
    assert found["hand"] == [RED] * 3
    assert len(set(found["head"])) == 1 and found["head"][0] in (BLUE, GREEN, (255, 255, 255))


def finish_first(art: Path) -> None:
    """The first frame, coloured by hand."""
    picture = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for place, radius, colour in ((HEAD, 24, BLUE), (HAND, 13, RED)):
        cv2.circle(picture, place, radius, colour, -1)
        cv2.circle(picture, place, radius, (0, 0, 0), 2)
    drawings.write(art / "finished" / "walk_0.png", picture)


def test_a_reference_for_a_frame_colours_all(art: Path) -> None:
    finish_first(art)
    run(art, reference="finished", lock=True)
    assert seen(art) == {"head": [BLUE] * 4, "hand": [RED] * 3}


def test_single_pictures_of_a_folder_share_a_palette(tmp_path: Path) -> None:
    for name, turn in (("cat", 0), ("dog", 1), ("emu", 2)):
        drawings.write(tmp_path / "lines" / f"{name}.png", frame(turn))
    run(tmp_path, lock=True)
    colours = [
        {tuple(pixel) for pixel in np.unique(picture.reshape(-1, 3), axis=0) if np.ptp(pixel) > 20}
        for picture in (drawings.read(tmp_path / "out" / f"{name}.png") for name in ("cat", "dog", "emu"))
    ]
    assert colours[0] and len(set.union(*colours)) <= 6


def test_a_frame_that_no_hint_fits_has_the_colours_of_the_folders_hints(art: Path) -> None:
    puff = np.full((SIZE, SIZE), 255, np.uint8)
    for place, radius in (((30, 90), 18), ((36, 88), 7)):
        cv2.circle(puff, place, radius, 0, 2)
    drawings.write(art / "lines" / "puff.png", puff)
    for model in ("flat", "fillnet"):
        report = run(art, model, model=model, hints="hints", lock=True)
        picture = drawings.read(art / model / "puff.png")[..., :3]
        inside = {tuple(pixel) for pixel in picture[puff > 250].tolist()} - {(255, 255, 255)}
        assert inside and inside <= {RED, GREEN, BLUE}
        assert [record for record in report.records if any("folder" in text for text in record.warnings)]


def write_network(place: Path) -> None:
    """A network that knows nothing."""
    torch.manual_seed(0)
    params = pix2pix.Params(generator="unet_128", ngf=4, ndf=4, input="layers")
    weights = {
        name: value * 3 if value.ndim == 4 else value
        for name, value in pix2pix.build_network(params).state_dict().items()
    }
    write_checkpoint(place, CheckpointInfo("pix2pix", asdict(params)), weights)


def test_a_network_is_locked_too(art: Path) -> None:
    write_network(art / "net")
    away = {}
    for name, lock in (("alone", False), ("locked", True)):
        report = colorize(
            [str(art / "lines")],
            str(art / name),
            model=str(art / "net"),
            guides=Guides(hints=str(art / "hints"), lock=lock),
            lines="none",
            batch=BatchSettings(jobs=1),
        )
        assert report.exit_code == 0
        hands = np.array(seen(art, name)["hand"])[1:, :3].astype(int)
        away[name] = np.abs(hands - RED).max()
    assert away["locked"] < 40 < away["alone"], "an untrained network knows nothing of red"


def test_the_bytes_do_not_depend_on_the_workers(art: Path) -> None:
    run(art, "one", jobs=1, lock=True)
    run(art, "two", jobs=2, lock=True)
    assert files_of(art / "one") == files_of(art / "two")


def test_nothing_is_done_twice_and_a_new_hint_is_for_all(art: Path) -> None:
    run(art, hints="hints", lock=True)
    assert run(art, hints="hints", lock=True).counts["skipped"] == 4
    drawings.write(art / "hints" / "walk_0.png", hints(0, head=GREEN, hand=BLUE))
    assert run(art, hints="hints", lock=True).counts["done"] >= 3
    assert seen(art)["hand"] == [BLUE] * 3
    assert run(art, hints="hints").counts["done"] == 4, "without --lock the results are others"


def test_hints_of_a_reference_are_drawn_by_the_same_chance_in_every_pass(
    art: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_first(art)
    write_network(art / "net")
    found, drawn = reference.hints_from_reference, []

    def watched(*given: Any) -> Any:
        drawn.append(given[-1].bit_generator.state["state"]["state"])
        return found(*given)

    monkeypatch.setattr(reference, "hints_from_reference", watched)
    run(art, reference="finished", lock=True, model=str(art / "net"))
    assert len(drawn) >= 2 and len(set(drawn)) == 1


def test_areas_are_looked_at_again_for_a_model_with_other_hints(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish_first(art)
    write_network(art / "net")
    seen_areas = []

    def watched(*given: Any, **more: Any) -> Any:
        seen_areas.append(given)
        return survey(*given, **more)

    monkeypatch.setattr(lock_passes, "survey", watched)
    looked_at = []
    for model in ("flat", "flat", str(art / "net")):
        run(art, reference="finished", lock=True, model=model)
        looked_at.append(len(seen_areas))
    assert looked_at == [4, 4, 8]


@pytest.mark.parametrize(("step", "meaning"), [("survey", "not locked to"), ("sample_colours", "not among those")])
def test_a_frame_that_could_not_be_looked_at_says_why(
    art: Path, monkeypatch: pytest.MonkeyPatch, step: str, meaning: str
) -> None:
    whole, turns = getattr(lock_passes, step), iter(range(9))

    def failing(*given: Any, **more: Any) -> Any:
        if next(turns) == 1:
            raise MethodError("the sheet is torn", hint="Mend it")
        return whole(*given, **more)

    monkeypatch.setattr(lock_passes, step, failing)
    report = run(art, lock=True)
    assert report.counts["done"] == 4
    told = [" ".join(record.warnings) for record in report.records]
    assert ["the sheet is torn" in text and meaning in text for text in told] == [False, True, False, False]


def test_a_frame_that_could_not_be_looked_at_is_coloured_as_without_a_lock(
    art: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter(range(9))
    run(art, "alone")
    monkeypatch.setattr(
        lock_passes, "survey", lambda *given, **more: survey(*given, **more) if next(turns) != 1 else 1 / 0
    )
    run(art, lock=True)
    assert files_of(art / "out")["walk_1.png"] == files_of(art / "alone")["walk_1.png"]


def test_a_broken_frame_stops_no_other(art: Path) -> None:
    (art / "lines" / "walk_1.png").write_bytes(b"\x89PNG broken")
    report = run(art, hints="hints", lock=True)
    assert report.counts == {"done": 3, "skipped": 0, "failed": 1}
    picture = drawings.read(art / "out" / "walk_3.png")
    assert tuple(picture[at(HAND, 3)[::-1]]) == RED


def test_a_dry_run_looks_at_nothing(art: Path) -> None:
    report = colorize(
        [str(art / "lines")],
        str(art / "out"),
        model="flat",
        guides=Guides(lock=True),
        batch=BatchSettings(dry_run=True),
    )
    assert report.counts["done"] == 4 and not (art / "out").exists()


def test_one_picture_has_nothing_to_be_locked_to(art: Path, cli: Cli) -> None:
    done = cli("colorize", art / "lines" / "walk_0.png", "-o", art / "one.png", "--lock", "-j", 1, "--model", "flat")
    assert done.code == 0 and (art / "one.png").exists()
    assert not list(art.glob(".colorize-cli/lock"))


def test_an_interrupt_while_frames_are_compared_ends_the_run(art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lock_passes, "survey", interrupted)
    report = run(art, lock=True)
    assert report.exit_code == 130
    assert [record.reason for record in report.records] == ["not reached"] * 4


def test_on_a_full_disk_every_frame_says_so_and_damaged_notes_are_made_again(
    art: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(lock_passes, "replace_file", full)
        report = run(art, model="flat", hints="hints", lock=True)
    assert (report.exit_code, report.counts["failed"]) == (1, 4)
    assert all(record.reason.startswith("the disk is full") for record in report.records)
    assert run(art, model="flat", hints="hints", lock=True).counts["done"] == 4
    for note in (art / "out" / ".colorize-cli" / "lock").rglob("*.json"):
        note.write_text("[")
    again = run(art, model="flat", hints="hints", lock=True)
    assert again.counts == {"done": 0, "skipped": 4, "failed": 0}
    assert not any(record.warnings for record in again.records)
