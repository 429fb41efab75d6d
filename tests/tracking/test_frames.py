"""A frame noted down for comparison: small, the same again from its bytes, hints where they lie."""

import cv2
import numpy as np
import pytest

from pipelines.tracking import frames
from tests.drawings import RED
from tests.tracking.scenes import area_at, areas_of, face, hint_at, noted


def test_a_frame_comes_back_from_its_bytes_as_it_was():
    lines = face()
    frame = frames.survey(lines, areas_of(lines), hint_at(RED, "hand"), by_hand=False)
    again = frames.decode(frames.encode(frame))
    np.testing.assert_array_equal(again.labels, frame.labels)
    np.testing.assert_array_equal(again.info.outside, frame.info.outside)
    assert [spot.colour for spot in again.info.hints] == [RED] and not again.info.by_hand
    assert frames.encode(again) == frames.encode(frame)


def test_a_frame_is_small_whatever_the_picture():
    lines = cv2.resize(face(), (1600, 1600), interpolation=cv2.INTER_NEAREST)
    frame = frames.survey(lines, areas_of(lines), np.zeros((1600, 1600, 4), np.uint8))
    assert max(frame.labels.shape) == 256
    assert len(frames.encode(frame)) < 20_000


def test_a_hint_is_noted_where_it_lies():
    frame = noted(face(), hint_at(RED, "hand"))
    (spot,) = frame.info.hints
    assert spot.area == area_at(frame, "hand")
    assert spot.place == pytest.approx((0.5, 0.5), abs=0.05)
