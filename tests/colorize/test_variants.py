"""Several colourings of a drawing: where they cannot be, where they lie, that they differ and repeat."""

import numpy as np
import pytest

from pipelines.colorize.ensemble import Ensemble
from pipelines.colorize.variants import check_variants, predict_variants, variant_folders
from pipelines.core.errors import UsageError
from pipelines.flatting.reading import LineReading
from pipelines.inference.model_source import find_models
from pipelines.inference.types import ColorGuide, Drawing
from tests import drawings


def ensemble(model: str = "flat") -> Ensemble:
    return Ensemble(find_models([model]))


def drawing(seed: int) -> Drawing:
    lines = drawings.two_circles()
    return Drawing(
        LineReading(lines), {"fills": ColorGuide(np.zeros((*lines.shape, 4), np.uint8))}, np.random.default_rng(seed)
    )


def test_one_colouring_is_always_possible() -> None:
    check_variants(ensemble(), 1, has_folder=False, lock=True)
    assert list(variant_folders(1)) == []
    assert predict_variants(ensemble(), [drawing(0), drawing(1)], 1) == [(), ()]


@pytest.mark.parametrize(
    ("has_folder", "lock", "message"), [(False, False, "need a folder"), (True, True, "one colouring")]
)
def test_several_are_refused_where_they_cannot_be(has_folder: bool, lock: bool, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_variants(ensemble(), 2, has_folder=has_folder, lock=lock)


def test_they_lie_in_folders_numbered_from_two() -> None:
    assert list(variant_folders(3)) == ["variants/2", "variants/3"]


def test_each_drawing_has_its_own_and_they_repeat_for_a_seed() -> None:
    twice = [predict_variants(ensemble(), [drawing(0), drawing(1)], 3) for _ in range(2)]
    pictures = [[[results["flat"].flats for results in of] for of in run] for run in twice]
    assert [len(of) for of in pictures[0]] == [2, 2]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0][0][0], pictures[0][0][1])
