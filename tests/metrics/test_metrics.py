"""What every metric of the family promises."""

import math
from types import ModuleType

import cv2
import numpy as np
import pytest

from pipelines.core import registry
from tests.drawings import BLUE, RED, WHITE
from tests.metrics.cases import case, two_rooms

WEIGHT_FREE = [
    name for name in registry.names("metrics") if "weights" not in getattr(registry.load("metrics", name), "NEEDS", ())
]


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_every_metric_says_what_it_is(name: str) -> None:
    module: ModuleType = registry.load("metrics", name)
    assert isinstance(module.UNIT, str)
    assert isinstance(module.HIGHER_IS_BETTER, bool)
    assert set(getattr(module, "NEEDS", ())) <= {"lines", "hints", "regions", "frames", "weights"}
    words = (module.__doc__ or "").replace("\n", " ")
    better = "higher is better" if module.HIGHER_IS_BETTER else "lower is better"
    assert better in words
    assert "Source: " in words
    assert math.isnan(module.Metric().compute()), "nothing was taken in"


@pytest.mark.parametrize("name", WEIGHT_FREE)
def test_the_truth_itself_is_never_worse_than_noise(name: str) -> None:
    module = registry.load("metrics", name)
    truth = cv2.resize(two_rooms(RED, BLUE), (240, 200), interpolation=cv2.INTER_NEAREST)
    lines = cv2.resize(two_rooms(WHITE, WHITE), (240, 200), interpolation=cv2.INTER_NEAREST)[..., 0]
    hints = np.zeros((200, 240, 4), np.uint8)
    hints[50:60, 50:60] = (*RED, 255)
    values = []
    for result in (truth, np.random.default_rng(0).integers(0, 256, truth.shape, np.uint8)):
        metric = module.Metric()
        for frame, shift in (("walk/1", 0), ("walk/2", 1)):  # the second frame is other noise
            shown = case(
                np.roll(result, shift, axis=0) if result is not truth else truth, truth, hints=hints, lines=lines
            )
            metric.update(frame, metric.measure(shown))
        values.append(metric.compute())
    better, worse = values if module.HIGHER_IS_BETTER else (-values[0], -values[1])
    assert better > worse


@pytest.mark.parametrize("name", WEIGHT_FREE)
def test_pictures_of_one_pixel_are_measured_or_left_out(name: str) -> None:
    one = np.full((1, 1, 3), 200, np.uint8)
    hints = np.full((1, 1, 4), 255, np.uint8)
    figure = (
        registry.load("metrics", name)
        .Metric()
        .measure(case(one, one, hints=hints, lines=np.full((1, 1), 255, np.uint8)))
    )
    assert figure is None or isinstance(figure, list) or not math.isnan(figure)
