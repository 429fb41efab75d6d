"""Facts about painting with networks: how drawings are laid in, and how colours come up to full size."""

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipelines.core.errors import MethodError
from pipelines.core.imaging.framing import resized
from pipelines.flatting.reading import LineReading
from pipelines.inference.encoding import COMPOSITE
from pipelines.inference.guided_upsampling import upsample
from pipelines.inference.image_predictor import predict_pictures
from pipelines.inference.letterbox import dilate_hints, letterbox, normalise_line_contrast, shrink_hints
from pipelines.inference.merging import ResolvedMerge
from pipelines.inference.network import Network
from pipelines.inference.torch_engine import TorchEngine
from pipelines.inference.types import ColorResult, NetworkSpec
from tests import drawings

Bytes = NDArray[np.uint8]

RED, BLUE, WHITE = drawings.RED, drawings.BLUE, drawings.WHITE


def no_hints(*shape: int) -> Bytes:
    return np.zeros((*shape, 4), np.uint8)


def circle(height: int, width: int, *, thickness: int = 3) -> Bytes:
    """Line art with one circle in the middle that fills most of the shorter side."""
    lines = np.full((height, width), 255, np.uint8)
    cv2.circle(lines, (width // 2, height // 2), min(height, width) * 2 // 5, 0, thickness, cv2.LINE_AA)
    return lines


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Height and width of the box around what is set."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


@pytest.mark.parametrize("shape", [(97, 333), (333, 97), (128, 128), (40, 30), (1200, 500)])
def test_a_drawing_is_laid_in_whole_without_stretching_and_white_around_it(shape: tuple[int, int]) -> None:
    sheet = letterbox(circle(*shape, thickness=max(3, max(shape) // 60)), no_hints(*shape), 128)
    assert sheet.lines.shape == (128, 128)
    rows, columns = sheet.roi
    longer = max(rows.stop - rows.start, columns.stop - columns.start)
    assert longer == 128
    assert (columns.stop - columns.start) / (rows.stop - rows.start) == pytest.approx(shape[1] / shape[0], rel=0.05)
    around = np.ones((128, 128), bool)
    around[sheet.roi] = False
    assert (sheet.lines[around] == 255).all()
    height, width = box_of(sheet.lines < 200)
    assert abs(height - width) <= 2  # a circle stays one


def test_faint_lines_are_darkened_and_dark_ones_left_alone() -> None:
    thick, thin = circle(1280, 1280, thickness=30), circle(1280, 1280, thickness=2)
    small = resized(thin, (128, 128))
    assert small.min() > 140
    laid = letterbox(thin, no_hints(1280, 1280), 128).lines
    assert np.median(laid[small < 230]) < 140
    assert (laid[small == 255] == 255).all()
    assert (letterbox(thick, no_hints(1280, 1280), 128).lines == resized(thick, (128, 128))).all()
    assert (normalise_line_contrast(np.full((8, 8), 255, np.uint8)) == 255).all()


def test_no_hint_is_lost_or_mixed_when_it_is_shrunk() -> None:
    hints = no_hints(1000, 400)
    spots = [(3, 5, RED), (500, 201, BLUE), (999, 399, (7, 8, 9))]
    for row, column, colour in spots:
        hints[row, column] = (*colour, 255)
    small = shrink_hints(hints, (50, 20))
    assert {tuple(colour) for colour in small[small[..., 3] > 0][:, :3].tolist()} == {colour for *_, colour in spots}
    assert [tuple(small[row // 20, column // 20, :3]) for row, column, _ in spots] == [colour for *_, colour in spots]


def test_small_hints_grow_to_discs_that_do_not_overrun_each_other_and_large_ones_stay() -> None:
    hints = no_hints(64, 64)
    hints[20, 20], hints[20, 26] = (*RED, 255), (*BLUE, 255)
    cv2.circle(hints, (45, 45), 9, (1, 2, 3, 255), -1)
    big = dilate_hints(hints, 5)
    assert np.count_nonzero((big[..., :3] == (1, 2, 3)).all(axis=2)) == np.count_nonzero(hints[..., 0] == 1)
    red, blue = ((big[..., :3] == colour).all(axis=2) & (big[..., 3] > 0) for colour in (RED, BLUE))
    assert 30 < np.count_nonzero(red) < 80
    assert red[20, 22]
    assert blue[20, 24]
    assert not (red & blue).any()
    assert not dilate_hints(no_hints(8, 8), 5).any()


class Mean(nn.Module):
    """A network that paints each picture in the mean of its first three channels; `scale` breaks it."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures[:, :3].mean((2, 3), keepdim=True).expand(-1, -1, *pictures.shape[2:]) * self.scale


def network(scale: float = 1.0) -> Network:
    spec = NetworkSpec(encoding=COMPOSITE, size=32, size_multiple=1, least_size=1)
    return Network(TorchEngine(Mean(scale), "cpu"), spec)


def test_drawings_painted_together_come_out_as_alone_each_without_its_padding() -> None:
    given = [letterbox(circle(*shape), no_hints(*shape), 32) for shape in ((60, 90), (90, 60), (64, 64))]
    together = predict_pictures(network(), given)
    assert [picture.shape for picture in together] == [(22, 32, 3), (32, 22, 3), (32, 32, 3)]
    for sheet, picture in zip(given, together, strict=True):
        assert (predict_pictures(network(), [sheet])[0] == picture).all()
        assert float(picture[0, 0, 0]) == pytest.approx(float(sheet.lines.mean()), abs=0.01)


def test_a_network_that_gives_no_numbers_is_an_error_of_the_picture() -> None:
    with pytest.raises(MethodError, match="no numbers"):
        predict_pictures(network(float("nan")), [letterbox(circle(32, 32), no_hints(32, 32), 32)])


def test_painting_leaves_the_number_of_threads_as_it_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        predict_pictures(network(), [letterbox(circle(32, 32), no_hints(32, 32), 32)])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# bringing up ------------------------------------------------------------------------------------------------


def painted_small(lines: Bytes, colour: Bytes, *, side: int = 64) -> NDArray[np.float32]:
    """What a perfect network gives: colour with its ink, shrunk to `side` px."""
    inked = (colour.astype(np.float32) * (lines[..., None] / np.float32(255))).round().astype(np.uint8)
    scale = side / max(lines.shape)
    size = (max(1, round(lines.shape[1] * scale)), max(1, round(lines.shape[0] * scale)))
    return np.asarray(resized(inked, size), np.float32)


def filled_circle(height: int, width: int, colour: tuple[int, int, int]) -> Bytes:
    picture = np.full((height, width, 3), 255, np.uint8)
    cv2.circle(picture, (width // 2, height // 2), min(height, width) * 2 // 5, colour, -1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("shape", [(97, 333), (333, 97), (512, 512), (700, 260)])
def test_colour_reaches_the_lines_from_both_sides_and_crosses_none(shape: tuple[int, int]) -> None:
    lines, truth = circle(*shape), filled_circle(*shape, RED)
    made = upsample(painted_small(lines, truth), lines, LineReading(lines).areas)
    assert made.colour.shape == (*shape, 3)
    inside = np.zeros(shape, np.uint8)
    cv2.circle(inside, (shape[1] // 2, shape[0] // 2), min(shape) * 2 // 5 - 2, 1, -1)
    assert np.abs(made.colour[inside > 0].astype(int) - RED).max() <= 12  # up to the line, no white halo
    cv2.circle(inside, (shape[1] // 2, shape[0] // 2), min(shape) * 2 // 5 + 3, 1, -1)
    assert (made.colour[inside == 0] == 255).all()  # nothing beyond it
    assert made.background[inside == 0].all()
    assert not made.background[shape[0] // 2, shape[1] // 2]
    on_line = lines < 64
    assert np.abs(made.colour[on_line].astype(int) - 128).max() > 0  # the ink has no colour of its own:
    assert (made.colour[on_line].max(axis=1) > 200).all()  # under it is red or white, never dark


def test_shading_inside_an_area_stays_and_noise_of_the_network_goes() -> None:
    lines = circle(512, 512)
    ramp = np.linspace(90, 250, 512).astype(np.uint8)
    truth = filled_circle(512, 512, RED)
    inside = (truth == RED).all(axis=2)
    truth[inside, 0] = np.broadcast_to(ramp, (512, 512))[inside]
    small = painted_small(lines, truth, side=128)
    noisy = np.clip(small + np.random.default_rng(0).normal(0, 12, small.shape), 0, 255).astype(np.float32)
    made = upsample(noisy, lines, LineReading(lines).areas)
    row = made.colour[256, 80:432, 0].astype(float)
    assert np.abs(row - ramp[80:432]).max() < 40  # weak shading fades
    assert row[-1] - row[0] > 0.45 * (int(ramp[431]) - int(ramp[80]))
    assert np.abs(np.diff(row)).max() <= 4  # smooth: no seams, no blocks of the network's pixels
    assert made.flats[256, 100].tolist() == made.flats[256, 400].tolist()


def test_a_palette_gives_areas_its_nearest_colours_and_leaves_paper_white() -> None:
    lines, truth = circle(256, 256), filled_circle(256, 256, (200, 60, 50))
    palette = np.array([RED, BLUE], np.uint8)
    made = upsample(painted_small(lines, truth), lines, LineReading(lines).areas, palette=palette)
    assert np.abs(made.colour[128, 128].astype(int) - RED).max() <= 2
    assert made.colour[2, 2].tolist() == [255, 255, 255]


def test_an_area_smaller_than_a_pixel_of_the_network_has_a_colour() -> None:
    lines = np.full((640, 640), 255, np.uint8)
    cv2.rectangle(lines, (100, 100), (540, 540), 0, 3)
    cv2.circle(lines, (320, 320), 8, 0, 3)
    truth = np.full((640, 640, 3), 255, np.uint8)
    truth[100:540, 100:540] = BLUE
    made = upsample(painted_small(lines, truth), lines, LineReading(lines).areas)
    assert np.abs(made.colour[320, 320].astype(int) - BLUE).max() <= 60
    assert np.abs(made.colour[200, 200].astype(int) - BLUE).max() <= 2


@pytest.mark.parametrize("level", [0, 255])
def test_a_sheet_of_one_tone_is_painted(level: int) -> None:
    lines = np.full((33, 57), level, np.uint8)
    small = np.full((19, 32, 3), 250, np.float32)
    made = upsample(small, lines, LineReading(lines).areas)
    assert made.colour.shape == (33, 57, 3)
    assert (made.colour == 255).all()


def test_a_large_sheet_is_worked_out_smaller_and_comes_out_whole() -> None:
    lines = circle(2400, 1500, thickness=9)
    made = upsample(painted_small(lines, filled_circle(2400, 1500, BLUE)), lines, LineReading(lines).areas)
    assert made.colour.shape == (2400, 1500, 3)
    assert np.abs(made.colour[1200, 750].astype(int) - BLUE).max() <= 2
    row = made.colour[1200, 750 - 600 + 8 : 750 + 600 - 8].astype(int)
    assert np.abs(row - BLUE).max() <= 6


@pytest.mark.parametrize(("place", "stays"), [((64, 64), True), ((10, 10), False)])
def test_paper_outside_stays_white_where_hints_colour_the_figure_alone(place: tuple[int, int], stays: bool) -> None:
    lines = circle(128, 128)
    hints = no_hints(128, 128)
    cv2.circle(hints, place, 6, (*RED, 255), -1)
    tinted = np.full((64, 64, 3), (250, 200, 190), np.float32)  # a network that smears over the outline
    made = upsample(tinted, lines, LineReading(lines).areas, hints=hints)
    assert (made.colour[:8] == 255).all() == stays
    assert made.background[:8].all() == stays
    assert made.colour[64, 64].tolist() == [250, 200, 190]


def test_what_is_merged_stays_paper_where_the_upper_layer_comes_to_nothing() -> None:
    base, top = (np.full((1, 4, 3), 255, np.uint8) for _ in range(2))
    base[0, 3] = RED
    top[0, 1:3] = (250, 240, 200), (40, 40, 40)
    paper = (base.min(axis=2) == 255, top.min(axis=2) == 255)
    made = {
        name: ColorResult(colour, colour, ground, np.ones(ground.shape, np.int32))
        for name, colour, ground in zip("ab", (base, top), paper, strict=True)
    }
    assert ResolvedMerge("divide", "a", ("b",), 0.1).merge(made).background.tolist() == [[True, True, True, False]]
    assert ResolvedMerge("normal", "a", ("b",), 1.0).merge(made).background.tolist() == [[True, False, False, False]]
    assert ResolvedMerge("divide", "b", ("a",), 0.1).merge(made).background.tolist() == [[True, False, False, True]]


def test_areas_of_like_colour_that_meet_in_a_gap_have_no_seam_and_others_do() -> None:
    lines = np.full((256, 256), 255, np.uint8)
    cv2.rectangle(lines, (20, 20), (236, 236), 0, 3)
    cv2.line(lines, (128, 20), (128, 236), 0, 3)
    lines[126:131, 120:136] = 255  # a gap that the trapped ball does not pass
    for other, seam in (((205, 60, 50), False), ((60, 60, 200), True)):
        small = np.full((128, 128, 3), (200, 60, 50), np.float32)
        small[:, 64:] = other
        made = upsample(small, lines, LineReading(lines).areas)
        assert (np.abs(made.flats[128, 100].astype(int) - made.flats[128, 150]).max() > 0) == seam
