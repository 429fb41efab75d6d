"""Colours that flicker over the frames of a sequence."""

import math

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from pipelines.metrics import consistency
from tests.drawings import BLUE, GREEN, RED
from tests.metrics.cases import case, flat, two_rooms


def test_a_part_that_flickers_is_measured_over_the_frames_of_its_sequence() -> None:
    truth = two_rooms(RED, BLUE)
    metric = consistency.Metric()
    for name, right in (("walk/1", BLUE), ("walk/2", GREEN), ("run/1", RED)):
        metric.update(name, metric.measure(case(two_rooms(RED, right), truth)))
    middle = (rgb2lab(flat(BLUE, 1)) + rgb2lab(flat(GREEN, 1))) / 2
    away = [float(deltaE_ciede2000(rgb2lab(flat(colour, 1)), middle).mean()) for colour in (BLUE, GREEN)]
    assert metric.compute() == pytest.approx(np.mean(away) / 2, abs=0.05)  # the left room is as large and steady


def test_single_pictures_have_no_consistency() -> None:
    metric = consistency.Metric()
    metric.update("walk/1", metric.measure(case(two_rooms(RED, BLUE), two_rooms(RED, BLUE))))
    assert math.isnan(metric.compute())
