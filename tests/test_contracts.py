"""What every method of a family keeps, whatever it does: shapes, types, ranges, determinism, odd sizes."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core import registry
from tests import drawings
from tests.inference.line_networks.networks import Valleys, scripted

SIZES = [(1, 1), (1, 7), (3, 2), (17, 33), (96, 96), (40, 2000), (2000, 40)]


def methods(family: str) -> list[ModuleType]:
    return [registry.load(family, name) for name in registry.names(family)]


def each(family: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("method", methods(family), ids=lambda method: method.__name__.rsplit(".", 1)[-1])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def pictures() -> list[NDArray[np.uint8]]:
    noise = rng(5).integers(0, 256, (48, 64, 3), np.uint8)
    blank = [np.full((h, w, 3), value, np.uint8) for h, w in SIZES for value in (0, 255)]
    return [drawings.two_circles_coloured(), noise, *blank]


def line_params(method: ModuleType, folder: Path) -> Any:
    """Settings of a line extractor: its defaults and, where it needs the file of a network, a tiny one."""
    if not hasattr(method, "identify"):
        return method.Params()
    return method.Params(weights=scripted(folder / "valleys.pt", Valleys(), 1))


def line_arts() -> list[NDArray[np.uint8]]:
    return [drawings.two_circles(), *(picture[..., 0].copy() for picture in pictures()[1:])]


@each("lines")
def test_lines_are_grey_of_the_same_size_and_repeatable(method: ModuleType, tmp_path: Path) -> None:
    params = line_params(method, tmp_path)
    for picture in pictures():
        before = picture.copy()
        lines = method.extract(picture, params, rng())
        assert (lines.dtype, lines.shape) == (np.uint8, picture.shape[:2])
        assert (lines == method.extract(picture, params, rng())).all()
        assert (picture == before).all(), "the input was written to"


@each("lines")
def test_white_paper_has_no_lines(method: ModuleType, tmp_path: Path) -> None:
    params = line_params(method, tmp_path)
    for height, width in SIZES:
        assert (method.extract(np.full((height, width, 3), 255, np.uint8), params, rng()) > 250).all()


@each("lines")
def test_a_method_with_a_file_is_one_whole(method: ModuleType, tmp_path: Path) -> None:
    assert hasattr(method, "identify") == hasattr(method, "make_ready")
    if hasattr(method, "identify"):
        params = method.identify(line_params(method, tmp_path))
        assert method.identify(params) == params != method.Params()
        method.make_ready(params)


@each("hints")
def test_hints_are_rgba_all_or_nothing_and_repeatable(method: ModuleType) -> None:
    for picture in pictures():
        before = picture.copy()
        hints = method.place(picture, None, method.Params(), rng())
        assert (hints.dtype, hints.shape) == (np.uint8, (*picture.shape[:2], 4))
        assert set(np.unique(hints[..., 3])) <= {0, 255}
        assert (hints == method.place(picture, None, method.Params(), rng())).all()
        assert (picture == before).all(), "the input was written to"


@each("hints")
def test_a_transparent_picture_gives_no_hint(method: ModuleType) -> None:
    picture = drawings.two_circles_coloured()
    hints = method.place(picture, np.zeros(picture.shape[:2], np.uint8), method.Params(), rng())
    assert not hints[..., 3].any()


@each("regions")
def test_regions_are_numbered_without_gaps_and_repeatable(method: ModuleType) -> None:
    for lines in line_arts():
        regions = method.segment(lines, method.Params())
        assert (regions.dtype, regions.shape) == (np.int32, lines.shape)
        found = np.unique(regions)
        assert (found == np.arange(found[0], found[-1] + 1)).all()
        assert found[0] in (0, 1)
        assert (regions == method.segment(lines, method.Params())).all()


@pytest.mark.parametrize("method", [model for model in methods("models") if hasattr(model, "fill")])
@pytest.mark.parametrize("guides", ["hints", "palette", "none"])
def test_models_fill_every_pixel_and_are_repeatable(method: ModuleType, guides: str) -> None:
    palette = np.array([drawings.RED, drawings.GREEN, drawings.BLUE], np.uint8) if guides == "palette" else None
    for lines in line_arts():
        hints = np.zeros((*lines.shape, 4), np.uint8)
        if guides == "hints":
            hints[lines.shape[0] // 2, lines.shape[1] // 2] = (*drawings.RED, 255)
        painted = method.fill(lines, hints, palette, method.Params(), rng())
        assert (painted.colour.dtype, painted.colour.shape) == (np.uint8, (*lines.shape, 3))
        assert (painted.regions.dtype, painted.regions.shape) == (np.int32, lines.shape)
        assert (painted.background.dtype, painted.background.shape) == (np.bool_, lines.shape)
        again = method.fill(lines, hints, palette, method.Params(), rng())
        assert (painted.colour == again.colour).all()
