"""Facts about the predictor: arrays in, results out, the same as the command line makes of files."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.colorize import Guides, colorize
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import MethodError, SettingsError, UsageError
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.picture import encode_png, read_picture
from pipelines.inference import ColorResult, Predictor
from tests import drawings

Bytes = NDArray[np.uint8]
MODELS = ("fillnet", "flat")


@pytest.fixture(scope="module")
def fillnet() -> Predictor:
    return Predictor("fillnet")


def by_command(folder: Path, model: str, lines: Bytes, hints: Bytes) -> Bytes:
    for kind, array in (("lines", lines), ("hints", hints)):
        (folder / kind).mkdir()
        (folder / kind / "a.png").write_bytes(encode_png(array))
    report = colorize(
        [str(folder / "lines")],
        str(folder / "out"),
        model=model,
        guides=Guides(hints=str(folder / "hints")),
        batch=BatchSettings(jobs=1),
    )
    assert report.counts["done"] == 1
    return read_picture(folder / "out" / "a.png").rgb


@pytest.mark.parametrize("model", MODELS)
def test_a_picture_is_what_the_command_writes(model: str, tmp_path: Path) -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    result = Predictor(model).predict(lines, hints=hints)
    assert np.array_equal(result.picture, by_command(tmp_path, model, lines, hints))


def check_whole(result: ColorResult, shape: tuple[int, ...]) -> None:
    for array in (result.picture, result.colour, result.flats, result.shading):
        assert (array.dtype, array.shape) == (np.uint8, (*shape, 3))
    assert (result.areas.dtype, result.areas.shape) == (np.int32, shape)
    assert (result.background.dtype, result.background.shape) == (np.bool_, shape)
    assert result.line_art is not None
    assert np.array_equal(result.picture, composite(result.line_art, result.colour))


@pytest.mark.parametrize("model", MODELS)
def test_results_are_whole_and_flats_are_of_one_colour_an_area(model: str) -> None:
    lines = drawings.two_circles(96)
    result = Predictor(model).predict(lines, hints=drawings.two_hints(96))
    check_whole(result, (96, 96))
    for area in range(1, int(result.areas.max()) + 1):
        assert len(np.unique(result.flats[result.areas == area], axis=0)) == 1


@pytest.mark.parametrize("choices", [{}, {"snap": False, "vivid": False}])
def test_several_drawings_of_several_sizes_come_out_as_alone(fillnet: Predictor, choices: dict[str, bool]) -> None:
    lines = [drawings.two_circles(size) for size in (64, 96, 120)]
    hints: list[Bytes | None] = [drawings.two_hints(64), None, drawings.two_hints(120)]
    together = fillnet.predict_batch(lines, hints=hints, seed=7, **choices)
    for number, (drawing, layer, result) in enumerate(zip(lines, hints, together, strict=True)):
        check_whole(result, drawing.shape)
        alone = fillnet.predict(drawing, hints=layer, seed=7 + number, **choices)
        assert np.abs(alone.picture.astype(int) - result.picture).max() <= 1  # batches round otherwise
    assert fillnet.predict_batch([]) == []


def test_a_palette_gives_its_colours_and_no_others(fillnet: Predictor) -> None:
    palette = np.array([drawings.RED, drawings.BLUE], np.uint8)
    result = fillnet.predict(drawings.two_circles(96), palette=palette)
    colours = {tuple(colour) for colour in np.unique(result.flats.reshape(-1, 3), axis=0).tolist()}
    assert colours <= {drawings.RED, drawings.BLUE, (255, 255, 255)}
    assert len(colours) > 1


def test_lines_of_one_three_and_four_channels_are_one_drawing(fillnet: Predictor) -> None:
    grey = drawings.two_circles(96)
    rgb = np.dstack([grey] * 3)
    kinds = (grey, rgb, np.dstack([rgb, np.full_like(grey, 255)]))
    pictures = [fillnet.predict(lines, hints=drawings.two_hints(96)).picture for lines in kinds]
    assert all(np.array_equal(pictures[0], other) for other in pictures[1:])


def test_a_seed_repeats_and_another_one_colours_otherwise(fillnet: Predictor) -> None:
    lines = drawings.two_circles(96)
    first, again, other = (fillnet.predict(lines, seed=seed).picture for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_settings_are_of_models_without_weights() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    hints[:, 48:] = 0  # the right circle has no hint
    guessed, plain = (Predictor("flat", values={"guess": guess}).predict(lines, hints=hints) for guess in (True, False))
    assert not np.array_equal(guessed.flats, plain.flats)
    with pytest.raises(SettingsError, match="no settings"):
        Predictor("fillnet", values={"guess": False})


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"lines": np.zeros((4, 4), np.float32)}, UsageError, "float32"),
        ({"lines": np.zeros((0, 4), np.uint8)}, UsageError, "at least one pixel"),
        ({"lines": np.zeros((4, 4, 2), np.uint8)}, UsageError, r"\(H, W, 3\)"),
        ({"hints": np.zeros((96, 96, 3), np.uint8)}, UsageError, "RGBA"),
        ({"hints": np.zeros((90, 96, 4), np.uint8)}, MethodError, "96x90, the line art 96x96"),
        ({"palette": np.zeros((3, 4), np.uint8)}, UsageError, r"\(k, 3\)"),
    ],
)
def test_arrays_of_other_kinds_are_named(
    fillnet: Predictor, given: dict[str, Bytes], error: type[Exception], said: str
) -> None:
    arguments = {"lines": drawings.two_circles(96)} | given
    with pytest.raises(error, match=said):
        fillnet.predict(**arguments)


def test_hints_and_drawings_are_of_one_number(fillnet: Predictor) -> None:
    with pytest.raises(UsageError, match="1 hint maps for 2 drawings"):
        fillnet.predict_batch([drawings.two_circles(64)] * 2, hints=[None])


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="filnet does not exist"):
        Predictor("filnet")


def test_hints_are_read_as_those_of_files_are() -> None:
    hints, lines = drawings.two_hints(), drawings.two_circles()
    copy = np.dstack([np.where(hints[..., 3:] > 0, hints[..., :3], lines[..., None]), np.full_like(lines, 255)])
    faint, grainy = hints.copy(), hints.copy()
    faint[..., 3] = np.where(hints[..., 3] > 0, 77, 0)
    grainy[::2, ::2, :3] ^= 1
    predictor = Predictor("flat")
    plain = predictor.predict(lines, hints=hints).picture
    for layer in (copy, faint, grainy):
        assert np.array_equal(predictor.predict(lines, hints=layer).picture, plain)
