"""Facts about what is asked of the stage: what cannot be written is refused, palettes are found."""

from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import pytest

from pipelines.colorize import FillOptions, Guides, OutputOptions
from pipelines.colorize.options import (
    Unhinted,
    check_outputs,
    find_companions,
    folders_beside,
    read_grid,
    read_palette_of,
)
from pipelines.core.batch.plan import Destination
from pipelines.core.errors import UsageError
from pipelines.structure.fill_rules import FillRules
from tests import drawings
from tests.colorize.frames import run, seen
from tests.conftest import Cli
from tests.drawings import BLUE, RED

FOLDER, FILE, PIPE = Destination(Path("out")), Destination(Path("out"), Path("out/a.png")), Destination(None)


# what cannot be written -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "message", "hint"),
    [
        (OutputOptions(steps=True), "steps, panels and explanations need a folder", "folder after -o"),
        (OutputOptions(explain=True), "steps, panels and explanations need a folder", "folder after -o"),
        (OutputOptions(panels=True), "steps, panels and explanations need a folder", "folder after -o"),
        (OutputOptions(layers="ora"), "layers need a folder", "folder after -o"),
    ],
)
def test_what_lies_beside_the_result_needs_a_folder(outputs: OutputOptions, message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        check_outputs(outputs, PIPE)
    assert hint in raised.value.hint
    for destination in (FOLDER, FILE):
        check_outputs(outputs, destination)


@pytest.mark.parametrize(
    ("outputs", "message", "hint"),
    [
        (OutputOptions(truth="colour"), "shown in panels alone", "Add --panels"),
        (OutputOptions(flats="colour"), "divided in layers alone", "Add --layers ora"),
        (OutputOptions(flats="region"), "divided in layers alone", "Add --layers ora"),
        (OutputOptions(layers="png", flats="colour"), "how many files the flats by colour would be", "--layers psd"),
        (OutputOptions(layers="png", flats="region"), "how many files the flats by region would be", "--layers psd"),
        (OutputOptions(layers="orra"), "no method 'orra' among exports", "Did you mean 'ora'?"),
    ],
)
def test_outputs_that_do_not_go_together_are_refused(outputs: OutputOptions, message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        check_outputs(outputs, FOLDER)
    assert hint in raised.value.hint


@pytest.mark.parametrize("layers", ["ora", "psd", "png"])
def test_whatever_goes_together_is_taken(layers: str) -> None:
    check_outputs(OutputOptions(steps=True, panels=True, truth="colour", layers=layers), FOLDER)
    check_outputs(OutputOptions(variants=3, layers=layers), FOLDER)
    if layers != "png":
        check_outputs(OutputOptions(layers=layers, flats="region"), FILE)
    check_outputs(OutputOptions(), PIPE)


def test_the_palette_is_found_in_finished_pictures(walk: Path, cli: Cli) -> None:
    for name, colour in (("a", RED), ("b", BLUE)):
        picture = np.full((64, 64, 3), 255, np.uint8)
        cv2.rectangle(picture, (8, 8), (55, 55), colour, -1)
        drawings.write(walk / "finished" / f"{name}.png", picture)
    (walk / "finished" / "c.png").write_bytes(b"no picture")
    arguments = ("colorize", walk / "lines", "-o", walk / "out", "--palette-from", walk / "finished", "--model", "flat")
    done = cli(*arguments, "--background", "paper", "-j", 1)
    assert done.code == 0, done.err
    colours = {colour for found in seen(walk).values() for colour in found}
    assert colours <= {RED, BLUE} and len(colours) == 2


def test_what_is_wrong_with_palettes_is_said(walk: Path) -> None:
    (walk / "two.hex").write_text("1e3cc8\n")
    (walk / "empty").mkdir()
    with pytest.raises(UsageError, match="two palettes"):
        run(walk, palette="two.hex", palette_from="lines")
    with pytest.raises(UsageError, match="does not exist"):
        run(walk, palette_from="nowhere")
    with pytest.raises(UsageError, match="no colours"):
        run(walk, palette_from="empty")
    with pytest.raises(UsageError, match="cannot be read"):
        run(walk, palette_from="two.hex")


def test_a_palette_is_read_from_a_file_or_from_pictures_or_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "two.hex").write_text("1e3cc8\ndc281e\n")
    assert read_palette_of(Guides()) is None
    assert read_palette_of(Guides(palette=str(tmp_path / "two.hex"))) == (BLUE, RED)
    picture = np.full((64, 64, 3), 255, np.uint8)
    cv2.rectangle(picture, (8, 8), (55, 55), RED, -1)
    file = drawings.write(tmp_path / "finished.png", picture)
    assert read_palette_of(Guides(palette_from=str(file))) == (RED,)


# what belongs to the drawings -------------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path) -> Guides:
    """A folder of hints and one of references."""
    for folder in ("hints", "reference"):
        drawings.write(tmp_path / folder / "a.png", drawings.two_hints(32))
    return Guides(hints=str(tmp_path / "hints"), reference=str(tmp_path / "reference"))


def test_companions_are_found_by_what_they_are_read_as(places: Guides, tmp_path: Path) -> None:
    assert find_companions(Guides(), OutputOptions(), 3) == {"hints": None, "reference": None, "truth": None}
    found = find_companions(places, OutputOptions(), 3)
    assert found["hints"] is not None and found["reference"] is not None
    assert found["hints"].of(PurePosixPath("a.png")) == tmp_path / "hints" / "a.png"
    assert found["truth"] is None, "it is for panels"


def test_the_truth_of_panels_is_the_reference_unless_another_is_given(places: Guides, tmp_path: Path) -> None:
    found = find_companions(places, OutputOptions(panels=True), 3)
    assert found["truth"] is found["reference"]
    other = find_companions(places, OutputOptions(panels=True, truth=places.hints), 3)["truth"]
    assert other is not None and other.place == tmp_path / "hints"


def test_one_file_is_for_one_picture_but_a_reference_serves_many(tmp_path: Path) -> None:
    file = str(drawings.write(tmp_path / "a.png", drawings.two_hints(32)))
    assert find_companions(Guides(hints=file), OutputOptions(), 1)["hints"] is not None
    with pytest.raises(UsageError, match="--hints is one file for 3 pictures"):
        find_companions(Guides(hints=file), OutputOptions(), 3)
    with pytest.raises(UsageError, match="--truth is one file for 3 pictures"):
        find_companions(Guides(), OutputOptions(panels=True, truth=file), 3)
    many = find_companions(Guides(reference=file), OutputOptions(panels=True), 3)
    assert many["reference"] is not None
    assert many["truth"] is None, "one reference is not the truth of many"
    assert find_companions(Guides(reference=file), OutputOptions(panels=True), 1)["truth"] is not None


def test_places_that_do_not_exist_name_their_option() -> None:
    for guides, outputs, option in (
        (Guides(hints="nowhere"), OutputOptions(), "--hints"),
        (Guides(reference="nowhere"), OutputOptions(), "--reference"),
        (Guides(), OutputOptions(panels=True, truth="nowhere"), "--truth"),
    ):
        with pytest.raises(UsageError, match="nowhere does not exist") as raised:
            find_companions(guides, outputs, 1)
        assert raised.value.hint == f"Check {option}"


def test_folders_of_guides_hold_no_drawings() -> None:
    guides = Guides(hints="h", reference="r", palette="p.hex", palette_from="f")
    assert folders_beside(guides, OutputOptions(truth="t")) == ("h", "r", "f", "t")
    assert set(folders_beside(Guides(), OutputOptions())) == {None}


# sheets -----------------------------------------------------------------------------------------------------


def test_a_grid_is_width_by_height() -> None:
    assert read_grid(Guides(hints="hints", grid="16x24")) == (16, 24)
    assert read_grid(Guides()) is None


@pytest.mark.parametrize("grid", ["16", "16x", "axb", "0x16", "16x3", "-8x8", "16x16x16"])
def test_what_is_no_grid_is_refused(grid: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no grid of sprites"):
        read_grid(Guides(hints="hints", grid=grid))


def test_a_grid_needs_hints_and_can_be_left_out() -> None:
    assert read_grid(Guides(hints="hints", grid="none")) is None
    with pytest.raises(UsageError, match="for which sprites"):
        read_grid(Guides(grid="16x16"))


# what goes for areas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "px"), [("auto", None), ("0", 0.0), ("12", 12.0), ("2.5", 2.5)])
def test_a_gap_is_px_or_found(text: str, px: float | None) -> None:
    assert FillOptions(gap=text).gap_px == px


@pytest.mark.parametrize("text", ["wide", "-1", "nan", "20000", ""])
def test_what_is_no_gap_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no width"):
        _ = FillOptions(gap=text).gap_px


def test_reserved_colours_are_named_as_paint_programs_do() -> None:
    rules = FillOptions(background_hint="#010203", empty_hint="FFfe00").rules
    assert (rules.ground, rules.empty) == ((1, 2, 3), (255, 254, 0))
    assert FillOptions().rules == FillRules()
    for options in (FillOptions(background_hint="red"), FillOptions(empty_hint="12345")):
        with pytest.raises(UsageError, match="is no colour"):
            _ = options.rules
    with pytest.raises(UsageError, match="two things"):
        _ = FillOptions(background_hint="00FFFE").rules


@pytest.mark.parametrize(("unhinted", "guess"), [("lively", "auto"), ("nearest", "nearest"), ("empty", "empty")])
def test_areas_without_hints_are_guessed_as_asked(unhinted: Unhinted, guess: str) -> None:
    assert FillOptions(unhinted=unhinted).rules.guess == guess


@pytest.mark.parametrize("model", ["fillnet", "flat"])
def test_controls_go_for_every_model(cli: Cli, tmp_path: Path, model: str) -> None:
    lines = np.full((120, 120), 255, np.uint8)
    for left in (10, 65):
        cv2.rectangle(lines, (left, 20), (left + 40, 100), 0, 2)
    cv2.circle(lines, (85, 60), 10, 0, 2)
    hints = np.zeros((120, 120, 4), np.uint8)
    cv2.circle(hints, (30, 60), 4, (*RED, 255), cv2.FILLED)
    cv2.circle(hints, (85, 60), 3, (255, 0, 254, 255), cv2.FILLED)
    drawings.write(tmp_path / "a.png", lines)
    drawings.write(tmp_path / "h.png", hints)
    given = ("colorize", tmp_path / "a.png", "--hints", tmp_path / "h.png", "--model", model, "--lines", "none")
    assert cli(*given, "-o", tmp_path / "o.png", "--unhinted", "empty", "--background", "transparent").code == 0
    result = drawings.read(tmp_path / "o.png")
    assert tuple(result[60, 30]) == (*RED, 255)
    assert tuple(result[30, 85]) == (255, 255, 255, 255)
    assert result[60, 85, 3] == 0 and result[5, 5, 3] == 0
    assert cli(*given, "-o", tmp_path / "n.png", "--unhinted", "nearest").code == 0
    assert tuple(drawings.read(tmp_path / "n.png")[30, 85]) == RED
