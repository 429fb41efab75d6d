"""What is made of one picture."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.build_dataset import Recipe
from pipelines.build_dataset.options import resolve_methods
from pipelines.build_dataset.sample import LINE_SCALE, SampleTask, frame_picture
from pipelines.core.data.layout import DatasetLayout
from pipelines.core.data.manifest import open_dataset
from pipelines.core.data.pairing import InputLayout
from pipelines.core.data.splits import SPLITS
from pipelines.core.files import sha256
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.framing import Framing
from pipelines.core.imaging.picture import Picture
from tests import drawings
from tests.build_dataset.corpora import SMALL, build, content, picture, rows, with_lines


def test_each_picture_becomes_colour_lines_hints_and_composite(art: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = build(art, out)
    assert report.counts == {"done": 6, "skipped": 0, "failed": 0}
    read = open_dataset(out)
    samples = [sample for split in SPLITS for sample in read.samples[split]]
    assert {sample.name for sample in samples} == {"a", "b", "c", "deep/a", "deep/d", "deep/e"}
    for sample in samples:
        loaded = read.load(sample)
        assert loaded.colour.shape == loaded.composite.shape == (48, 48, 3)
        assert (loaded.composite == composite(loaded.hints, np.dstack([loaded.lines] * 3))).all()
        assert (loaded.lines[:6] == 255).all()  # the padding above the picture: 48 x 36 px of 48 x 48
        assert (loaded.lines < 64).sum() > 50
        places = loaded.hints[..., 3] == 255
        assert places.any()
        ground = (loaded.colour == 255).all(axis=2)
        assert not places[0].any()
        assert {tuple(colour) for colour in loaded.hints[places][:, :3]} != {drawings.WHITE}
        assert ground[:6].all()


def test_another_kind_changes_no_byte_of_those_that_were_there(art: Path, tmp_path: Path) -> None:
    build(art, tmp_path / "one", recipe=Recipe(hints=("points",), draws=2))
    build(art, tmp_path / "two", recipe=Recipe(hints=("strokes", "points"), draws=3))
    one, two = content(tmp_path / "one"), content(tmp_path / "two")
    pictures = {name for name in one if name.endswith(".png")}
    assert pictures
    assert all(one[name] == two[name] for name in pictures)


def test_sizes_cropping_and_padding(art: Path, tmp_path: Path) -> None:
    build(art, tmp_path / "wide", recipe=Recipe(framing=Framing((60, 20), "crop")))
    build(art, tmp_path / "own", recipe=Recipe(framing=Framing(None)))
    build(art, tmp_path / "grey", recipe=Recipe(framing=Framing((40, 40), pad=(9, 8, 7))))
    for name, shape in (("wide", (20, 60)), ("own", (72, 96)), ("grey", (40, 40))):
        row = rows(tmp_path / name)[0]
        for role in ("colour", "lines", "hints", "composite"):
            assert drawings.read(tmp_path / name / row[role]).shape[:2] == shape
    assert (drawings.read(tmp_path / "own" / rows(tmp_path / "own")[0]["colour"]) == picture(0)).all()
    padded = drawings.read(tmp_path / "grey" / rows(tmp_path / "grey")[0]["colour"])
    assert (padded[:5] == (9, 8, 7)).all()


def test_padding_goes_on_with_a_plain_background(tmp_path: Path) -> None:
    blue = np.full((30, 60, 3), drawings.BLUE, np.uint8)
    cv2.circle(blue, (30, 15), 8, drawings.RED, -1)
    drawings.write(tmp_path / "art" / "a.png", blue)
    build(tmp_path / "art", tmp_path / "out")
    colour = drawings.read(tmp_path / "out" / rows(tmp_path / "out")[0]["colour"])
    assert (colour[0] == drawings.BLUE).all()


def test_centring_and_boost_say_what_they_did(art: Path, tmp_path: Path) -> None:
    framing = Framing((48, 48), centre="fill", margin=0)
    report = build(art, tmp_path / "out", recipe=Recipe(framing=framing, saturation_boost=1.0))
    for row in rows(tmp_path / "out"):
        colour = drawings.read(tmp_path / "out" / row["colour"])
        ys, xs = np.nonzero((colour < 250).any(axis=2))
        spans = (ys.max() - ys.min() + 1, xs.max() - xs.min() + 1)
        assert max(spans) >= 47
        assert row["saturation_factor"] >= 1
    notes = " ".join(report.notes)
    assert "centred: 6 of 6" in notes
    assert "saturation raised in" in notes
    about = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert about["saturation"]["boosted"] > 0


def test_transparent_pictures_stand_on_white_and_get_no_hint_outside(tmp_path: Path) -> None:
    rgb = np.full((64, 64, 3), drawings.GREEN, np.uint8)
    alpha = np.zeros((64, 64), np.uint8)
    cv2.circle(alpha, (32, 32), 20, 255, -1)
    drawings.write(tmp_path / "art" / "a.png", np.dstack([rgb, alpha]))
    build(tmp_path / "art", tmp_path / "out", recipe=Recipe(framing=Framing((64, 64)), values={"kmedoids.radius": "8"}))
    row = rows(tmp_path / "out")[0]
    colour, hints = (drawings.read(tmp_path / "out" / row[role]) for role in ("colour", "hints"))
    assert tuple(colour[0, 0]) == drawings.WHITE
    assert tuple(colour[32, 32]) == drawings.GREEN
    assert {tuple(value) for value in hints[hints[..., 3] > 0]} == {(*drawings.GREEN, 255)}


def test_own_line_art_is_taken_at_any_scale(art: Path, tmp_path: Path) -> None:
    for scale in (1, 3):
        lines = with_lines(art, tmp_path / f"lines{scale}", scale=scale)
        out = tmp_path / f"out{scale}"
        assert build(art, out, lines=str(lines), strict=True).counts["done"] == 6
        for row in rows(out):
            drawn = drawings.read(out / row["lines"])
            assert (drawn[24:26] == 0).all()
            assert (drawn[:23] == 255).all()
            assert (row["line_method"], row["settings"]["lines"]) == ("own", {"method": "own"})


def task_of(recipe: Recipe, reading: InputLayout = "pictures") -> SampleTask:
    methods = resolve_methods(recipe, has_own_lines=reading != "pictures")
    return SampleTask(reading, SMALL, methods.lines, methods.hints, recipe.saturation_boost, DatasetLayout())


def test_the_record_names_the_bytes_of_every_artifact() -> None:
    task = task_of(Recipe(lines=("adaptive", "xdog"), hints=("points",), draws=2))
    data = drawings.png(picture(1))
    produced = task({"picture": data}, np.random.default_rng(0))
    record = json.loads(produced.files[0])
    artifacts = task.place.artifacts(("adaptive", "xdog"), task.hint_labels)
    assert [item.key for item in artifacts] == list(record["sha256"])
    assert [sha256(encoded) for encoded in produced.files[1:]] == list(record["sha256"].values())
    assert record["source"] == {"width": 96, "height": 72, "sha256": sha256(data)}
    assert len(artifacts) == 1 + 2 + 2 + 4
    assert produced.warnings == ()


def test_what_is_blank_and_what_lies_the_wrong_way_round_is_warned_of() -> None:
    blank = np.full((20, 20, 3), 255, np.uint8)
    task = task_of(Recipe(hints=("points",)))
    assert task({"picture": drawings.png(blank)}, np.random.default_rng(0)).warnings == ("it is blank in its frame",)
    lines, colours = np.full((72, 96, 3), 255, np.uint8), picture(1)
    lines[30:34] = 0
    right, wrong = (np.hstack(halves) for halves in ([lines, colours], [colours, lines]))
    task = task_of(Recipe(hints=("points",)), "AB")
    assert task({"picture": drawings.png(right)}, np.random.default_rng(0)).warnings == ()
    (warning,) = task({"picture": drawings.png(wrong)}, np.random.default_rng(0)).warnings
    assert "wrong way round" in warning


@pytest.mark.parametrize(("width", "expected"), [(30, 48), (80, 80), (96, 96), (400, LINE_SCALE * 48)])
def test_lines_are_found_at_up_to_twice_the_frames_scale(width: int, expected: int) -> None:
    wide = Picture(np.full((width // 2, width, 3), 90, np.uint8))
    framed = frame_picture(wide, None, Framing((48, 48)), 0.0)
    assert framed.size == (48, 24)
    assert framed.crop_for_lines().shape[1] == expected


def test_dull_pictures_are_made_more_colourful_and_say_by_how_much() -> None:
    dull = np.full((40, 40, 3), (150, 120, 120), np.uint8)
    framed = frame_picture(Picture(dull), None, Framing(None), 0.5)
    assert framed.saturation_factor == pytest.approx(1 + 0.5 * (1 - framed.colourfulness / 82), abs=5e-4)
    assert framed.colour[0, 0].tolist() == [150, *[round(150 - 30 * framed.saturation_factor)] * 2]
    assert (frame_picture(Picture(dull), None, Framing(None), 0.0).colour == dull).all()


@pytest.mark.parametrize("reading", ["AB", "BA"])
def test_a_picture_that_is_no_line_art_stays_as_it_is(tmp_path: Path, reading: InputLayout) -> None:
    plan, view = picture(3, 96, 96)[::2, ::2], 255 - picture(8, 96, 96)[::2, ::2]
    halves = [plan, view] if reading == "AB" else [view, plan]
    drawings.write(tmp_path / "maps" / "1.png", np.hstack(halves))
    report = build(
        tmp_path / "maps", tmp_path / "out", reading=reading, recipe=Recipe(input="picture", hints=("none",))
    )
    assert report.counts["done"] == 1
    dataset = open_dataset(tmp_path / "out")
    assert dataset.has_pictures and dataset.frame == (48, 48)
    (sample,) = (sample for split in SPLITS for sample in dataset.samples[split])
    assert (sample.line_method, sample.hint_method) == ("picture", "none")
    arrays = dataset.load(sample)
    assert arrays.composite is not None
    assert (arrays.composite == plan).all() and (arrays.colour == view).all()
    assert (arrays.lines == cv2.cvtColor(plan, cv2.COLOR_RGB2GRAY)).all()
    assert not arrays.hints.any()
    assert not report.records[0].warnings, "colourful inputs are what is wanted"


def test_such_a_picture_is_padded_with_its_own_ground(tmp_path: Path) -> None:
    plan = np.full((24, 48, 3), (10, 60, 200), np.uint8)
    plan[8:16, 8:40] = (250, 240, 10)
    drawings.write(tmp_path / "maps" / "1.png", np.hstack([plan, 255 - plan]))
    build(tmp_path / "maps", tmp_path / "out", reading="AB", recipe=Recipe(input="picture", hints=("none",)))
    dataset = open_dataset(tmp_path / "out")
    (sample,) = (sample for split in SPLITS for sample in dataset.samples[split])
    arrays = dataset.load(sample)
    assert arrays.composite is not None
    assert (arrays.composite[12:36] == plan).all()
    assert (arrays.composite[:12] == (10, 60, 200)).all()


def test_line_art_is_what_datasets_say_nothing_about(art: Path, tmp_path: Path) -> None:
    build(art, tmp_path / "out")
    assert not open_dataset(tmp_path / "out").has_pictures
    assert "input" not in json.loads((tmp_path / "out" / "dataset.json").read_text())


def test_no_hint_has_the_colour_of_a_plain_ground(tmp_path: Path) -> None:
    ground = np.array((170, 205, 235), np.uint8)
    for number in range(3):
        rgb = picture(number)
        rgb[(rgb == 255).all(axis=2)] = ground
        drawings.write(tmp_path / "art" / f"{number}.png", rgb)
    build(tmp_path / "art", tmp_path / "out")
    for row in rows(tmp_path / "out"):
        hints = drawings.read(tmp_path / "out" / row["hints"])
        dabbed = hints[hints[..., 3] > 0][:, :3].astype(int)
        assert len(dabbed)
        assert (np.abs(dabbed - ground).max(axis=1) > 16).all()
