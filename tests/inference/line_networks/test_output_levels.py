"""Which values are ink and which are paper."""

import numpy as np
import pytest

from pipelines.core.errors import MethodError, UsageError
from pipelines.inference.line_networks.output_levels import (
    OutputLevels,
    Polarity,
    Scale,
    find_polarity,
    find_scale,
    find_white,
    grey_values,
    known_drawing,
)


@pytest.mark.parametrize(("scale", "low", "high"), [("unit", 0, 1), ("signed", -1, 1), ("bytes", 0, 255)])
@pytest.mark.parametrize("polarity", ["ink-dark", "ink-light"])
def test_shares_of_paper(scale: Scale, low: float, high: float, polarity: Polarity) -> None:
    values = np.array([low - 1, low, (low + high) / 2, high, high + 1], np.float32)
    expected = [0, 0, 0.5, 1, 1] if polarity == "ink-dark" else [1, 1, 0.5, 0, 0]
    assert OutputLevels(scale, polarity).paper_share(values).tolist() == expected


def test_the_known_drawing_has_lines_fills_and_paper_apart_at_any_shape() -> None:
    for height, width in ((256, 256), (64, 200), (512, 512)):
        image, ink, paper = known_drawing(height, width)
        assert image.shape == (height, width, 3)
        assert (image[ink] == 0).all()
        assert (image[paper] == 255).all()
        assert not (ink & paper).any()
        assert ink.mean() > 0.01
        assert paper.mean() > 0.2
        assert len(np.unique(image.reshape(-1, 3), axis=0)) == 5


@pytest.mark.parametrize(
    ("values", "scale"),
    [([0, 1], "unit"), ([-0.05, 1.05], "unit"), ([-1, 1], "signed"), ([0, 250], "bytes"), ([0.2, 0.3], "unit")],
)
def test_the_scale_is_that_of_what_comes_out(values: list[float], scale: Scale) -> None:
    assert find_scale(np.array(values, np.float32)) == scale


def test_polarity_is_told_by_the_lines_of_the_known_drawing_however_much_ink_there_is() -> None:
    drawing = known_drawing(128, 128)
    dark = drawing.image.min(axis=2).astype(np.float32) / 255
    assert find_polarity(dark, "unit", drawing) == "ink-dark"
    assert find_polarity(1 - dark, "unit", drawing) == "ink-light"
    assert find_polarity(dark * 2 - 1, "signed", drawing) == "ink-dark"
    with pytest.raises(UsageError, match=r"shows no lines .* set polarity"):
        find_polarity(np.full((128, 128), 0.7, np.float32), "unit", drawing)


def test_white_is_what_paper_comes_out_as_unless_that_is_ink() -> None:
    drawing = known_drawing(128, 128)
    values = np.where(drawing.ink, 0.1, 0.9).astype(np.float32)
    assert find_white(values, OutputLevels("unit", "ink-dark"), drawing) == pytest.approx(0.9)
    assert find_white(values, OutputLevels("unit", "ink-light"), drawing) == 1
    assert OutputLevels("unit", "ink-dark", white=0.9).paper_share(np.float32([0.45, 0.9, 1.0])).tolist() == [0.5, 1, 1]


def test_outputs_are_one_plane_or_the_grey_of_three() -> None:
    plane = np.random.default_rng(0).random((1, 1, 4, 5)).astype(np.float32)
    assert (grey_values(plane) == plane[0, 0]).all()
    assert (grey_values(plane[0]) == plane[0, 0]).all()
    red = np.zeros((1, 3, 4, 5), np.float32)
    red[0, 0] = 1
    assert np.allclose(grey_values(red), 0.299)


def test_other_outputs_are_refused() -> None:
    for shape, shown in (((1, 2, 4, 5), "1x2x4x5"), ((3, 1, 4, 5), "3x1x4x5"), ((1, 10), "1x10")):
        with pytest.raises(MethodError, match=shown):
            grey_values(np.zeros(shape, np.float32))
    bad = np.zeros((1, 1, 4, 5), np.float32)
    bad[0, 0, 0, 0] = np.nan
    with pytest.raises(MethodError, match="values that are no numbers"):
        grey_values(bad)
