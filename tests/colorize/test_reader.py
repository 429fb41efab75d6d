"""Facts about how a drawing and what guides its colours are read: what wins, what fits, what is soft."""

from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.colorize.reader import DrawingReader, ReadDrawing
from pipelines.colorize.reference import hints_from_reference
from pipelines.core.errors import MethodError
from pipelines.core.imaging.picture import Picture
from pipelines.tracking.frames import FrameHint
from pipelines.tracking.hint_propagation import encode_hints
from pipelines.tracking.palette_lock import encode_palette
from tests import drawings
from tests.drawings import BLUE, GREEN, RED, Bytes

SIZE = 96
LEFT, RIGHT = (48, 25), (48, 71)


def read(reader: DrawingReader | None = None, *, lines: Bytes | None = None, **files: Bytes) -> ReadDrawing:
    """Two circles, read with files beside them."""
    contents = {name: drawings.png(array) for name, array in files.items()}
    contents["picture"] = drawings.png(drawings.two_circles(SIZE) if lines is None else lines)
    return (reader or DrawingReader(("fills",))).read(contents, np.random.default_rng(0))


def guide(reader: DrawingReader | None = None, **files: Bytes) -> Any:
    return next(iter(read(reader, **files).drawing.guides.values()))


def colours(hints: Bytes) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in hints[hints[..., 3] > 0][:, :3].tolist()}


# what guides ------------------------------------------------------------------------------------------------


def test_without_files_nothing_guides() -> None:
    alone = read()
    assert not alone.is_guided
    assert guide().palette is None and not guide().hints.any()
    assert alone.drawing.lines.shape == (SIZE, SIZE)


def test_each_kind_of_hints_is_found_once_for_the_models_that_are_made_for_it() -> None:
    both = read(DrawingReader(("discs", "fills")), reference=drawings.two_circles_coloured(SIZE))
    fills, discs = (both.drawing.guides[preset].hints for preset in ("fills", "discs"))
    assert colours(fills) == colours(discs) == {RED, BLUE}
    assert not np.array_equal(fills, discs)
    assert both.shown_hints is discs, "those of networks are shown where there are any"
    assert read(reference=drawings.two_circles_coloured(SIZE)).shown_hints.any()


def test_hints_by_hand_win_in_their_area_and_a_reference_tells_the_others() -> None:
    own = np.zeros((SIZE, SIZE, 4), np.uint8)
    own[44:53, 20:30] = (*GREEN, 255)
    hints = guide(hints=own, reference=drawings.two_circles_coloured(SIZE)).hints
    assert (hints[own[..., 3] > 0] == (*GREEN, 255)).all()
    assert colours(hints[:, : SIZE // 2]) == {GREEN}
    assert colours(hints[:, SIZE // 2 :]) == {BLUE}


def test_a_reference_of_another_shape_gives_its_colours_by_place_and_says_so() -> None:
    wide = np.asarray(drawings.two_circles_coloured(SIZE)[20:76])
    drawing = read(reference=wide)
    assert colours(guide(reference=wide).hints) == {RED, BLUE}
    assert drawing.is_guided and any("another drawing" in note for note in drawing.notes)
    locked = guide(DrawingReader(("fills",), is_locked=True), reference=wide)
    assert not locked.hints.any(), "the frames of a sequence tell one another"
    assert {RED, BLUE} <= {tuple(colour) for colour in locked.palette.tolist()}


def test_a_reference_for_many_drawings_colours_the_one_that_it_shows() -> None:
    reader = DrawingReader(("fills",), reference_places=False)
    assert colours(guide(reader, reference=drawings.two_circles_coloured(SIZE)).hints) == {RED, BLUE}
    discs = guide(DrawingReader(("discs",), reference_places=False), reference=drawings.two_circles_coloured(SIZE))
    assert not discs.hints.any(), "networks are given its colours alone"


def test_colours_that_are_offered_count_where_there_are_no_others() -> None:
    contents = {"picture": drawings.png(drawings.two_circles(SIZE)), "offered": encode_palette([RED, BLUE])}
    offered = DrawingReader(("fills",)).read(contents, np.random.default_rng(0))
    assert offered.drawing.guides["fills"].palette.tolist() == [list(RED), list(BLUE)]
    assert offered.is_guided and any("folder" in note for note in offered.notes)
    own = DrawingReader(("fills",), palette=(GREEN,)).read(contents, np.random.default_rng(0))
    assert own.drawing.guides["fills"].palette.tolist() == [list(GREEN)]


def test_hints_on_one_sprite_of_a_sheet_count_for_all() -> None:
    lines = np.hstack([drawings.two_circles(64)] * 5)
    lines[np.ix_([40], [x for x in range(320) if x % 32 in range(6, 26)])] = 0  # each circle has two areas
    own = np.zeros((64, 320, 4), np.uint8)
    own[30:34, 15:19] = (*RED, 255)
    drawing = read(lines=lines, hints=own)
    assert (drawing.drawing.guides["fills"].hints[32, 17::64] == (*RED, 255)).all()
    assert any("10 x 1 sprites" in note for note in drawing.notes) and not drawing.drawing.shaded
    grid = read(DrawingReader(("fills",), grid=(160, 64)), lines=lines, hints=own)
    assert any("2 x 1 sprites" in note for note in grid.notes)


def test_a_palette_that_is_given_wins_over_the_colours_of_a_reference() -> None:
    reader = DrawingReader(("fills",), palette=(GREEN,), reference_places=False)
    wide = np.asarray(drawings.two_circles_coloured(SIZE)[20:76])
    assert guide(reader, reference=wide).palette.tolist() == [list(GREEN)]
    assert read(DrawingReader(("fills",), palette=(GREEN,))).is_guided


def test_hints_of_other_frames_are_added_where_they_belong() -> None:
    contents = {"picture": drawings.png(drawings.two_circles(SIZE))}
    area = int(read().drawing.areas.labels[LEFT])
    contents["carried"] = encode_hints([FrameHint(area, GREEN, 0.1, None)])
    found = DrawingReader(("fills",)).read(contents, np.random.default_rng(0))
    assert colours(found.drawing.guides["fills"].hints) == {GREEN}
    placed = found.drawing.guides["fills"].hints[..., 3] > 0
    assert (found.drawing.areas.labels[placed] == area).all()
    assert found.is_guided


@pytest.mark.parametrize(("size", "fits"), [((SIZE, SIZE), True), ((2 * SIZE, 2 * SIZE), True), ((SIZE, 60), False)])
def test_hints_of_a_reference_are_of_the_line_arts_size_where_its_shape_is(size: tuple[int, int], fits: bool) -> None:
    picture = Picture(drawings.two_circles_coloured(size[0])[:, : size[1]])
    hints, found = hints_from_reference(picture, (SIZE, SIZE), "fills", np.random.default_rng(0))
    assert RED in {tuple(colour) for colour in found.tolist()}, "it has its colours in any case"
    assert (hints is not None) == fits
    if hints is not None:
        assert hints.shape == (SIZE, SIZE, 4)
        assert {RED, BLUE} == colours(hints)


# how they fit -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.5, 2, 3])
def test_hints_of_the_same_shape_are_brought_to_the_line_arts_size_unmixed(factor: float) -> None:
    hints = guide(hints=drawings.two_hints(round(SIZE * factor))).hints
    assert hints.shape == (SIZE, SIZE, 4)
    assert colours(hints) == {RED, BLUE}
    assert tuple(hints[LEFT]) == (*RED, 255) and tuple(hints[RIGHT]) == (*BLUE, 255)


@pytest.mark.parametrize("height", [SIZE - 1, SIZE, SIZE + 1])
def test_a_px_more_or_less_is_rounding(height: int) -> None:
    hints = np.zeros((height, SIZE, 4), np.uint8)
    hints[40:50, 20:30] = (*RED, 255)
    assert colours(guide(hints=hints).hints) == {RED}


def test_hints_of_another_shape_are_refused() -> None:
    with pytest.raises(MethodError, match="the hints are 96x90, the line art 96x96") as raised:
        read(hints=np.zeros((90, 96, 4), np.uint8))
    assert "line art's size" in raised.value.hint


def test_hints_without_transparency_are_refused() -> None:
    with pytest.raises(MethodError, match="no transparency") as raised:
        read(hints=drawings.two_circles_coloured(SIZE))
    assert "--reference" in raised.value.hint


@pytest.mark.parametrize(("alpha", "is_hint"), [(1, False), (15, False), (77, True), (128, True), (254, True)])
def test_dabs_count_at_any_opacity_that_can_be_seen(alpha: int, is_hint: bool) -> None:
    hints = drawings.two_hints(SIZE)
    hints[..., 3] = np.where(hints[..., 3] > 0, alpha, 0)
    found = guide(hints=hints).hints
    assert set(np.unique(found[..., 3]).tolist()) == ({0, 255} if is_hint else {0})


def test_soft_edges_are_no_hints() -> None:
    hints = drawings.two_hints(SIZE)
    strong = hints[..., 3] > 0
    hints[..., :3] = np.where(np.indices((SIZE, SIZE))[1][..., None] < SIZE // 2, RED, BLUE)
    hints[..., 3] = cv2.GaussianBlur(hints[..., 3], (0, 0), 1)
    beyond = cv2.dilate(strong.view(np.uint8), np.ones((3, 3), np.uint8)) == 0
    assert not guide(hints=hints).hints[beyond, 3].any()


def test_a_brush_with_grain_leaves_one_colour_a_dab() -> None:
    hints = drawings.two_hints(SIZE)
    grain = np.random.default_rng(1).integers(-3, 4, (SIZE, SIZE, 3))
    hints[..., :3] = np.clip(hints[..., :3] + grain, 0, 255)
    assert len(colours(guide(hints=hints).hints)) == 2


def test_hints_on_a_copy_of_the_line_art_are_what_differs_from_it() -> None:
    hints, lines = drawings.two_hints(SIZE), drawings.two_circles(SIZE)
    copy = np.where(hints[..., 3:] > 0, hints[..., :3], lines[..., None])
    found = guide(hints=copy).hints
    assert np.array_equal(found[..., 3], hints[..., 3])
    assert colours(found) == {RED, BLUE}


# what else is read ------------------------------------------------------------------------------------------


def test_drawings_are_told_how_they_are_to_be_coloured() -> None:
    plain, told = read().drawing, read(DrawingReader(("fills",), snap=False, unhinted="likely")).drawing
    assert (plain.snap, plain.vivid, plain.varied) == (True, True, False)
    assert (told.snap, told.vivid, told.varied) == (False, False, False)


def test_hints_are_known_to_be_there_by_the_names_of_files() -> None:
    reader, palettes = DrawingReader(("fills",)), DrawingReader(("fills",), reference_places=False)
    assert not reader.has_hints({"picture"})
    assert reader.has_hints({"picture", "hints"}) and palettes.has_hints({"picture", "hints"})
    assert reader.has_hints({"picture", "reference"}) and not palettes.has_hints({"picture", "reference"})


def test_hints_are_shown_on_the_lines() -> None:
    found = read(hints=drawings.two_hints(SIZE))
    shown, lines = found.hints_on_lines, found.drawing.lines
    hinted = found.shown_hints[..., 3] == 255
    assert (shown[hinted] == found.shown_hints[hinted][:, :3]).all()
    assert np.array_equal(shown[~hinted], np.dstack([lines] * 3)[~hinted])
