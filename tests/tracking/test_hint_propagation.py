"""Hints carried to frames without."""

import numpy as np

from pipelines.tracking import frames
from pipelines.tracking import hint_propagation as carrying
from pipelines.tracking import palette_lock as lock
from tests.drawings import BLUE, RED
from tests.tracking.scenes import PLACES, RADII, SIZE, areas_of, face, hint_at, noted


def test_a_hint_is_carried_to_the_same_area_of_a_frame_without():
    shot = lock.track_shot([noted(face(), hint_at(RED, "hand")), noted(face((6, 3)))])
    (spot,) = carrying.propagate_hints(shot.frames[1], shot.tracks[1], shot.hinted)
    lines = face((6, 3))
    hints = carrying.draw_hints(np.zeros((SIZE, SIZE, 4), np.uint8), [spot], lines, areas_of(lines).labels)
    rows, columns = np.nonzero(hints[..., 3])
    assert (hints[rows, columns, :3] == RED).all()
    assert (np.hypot(columns - PLACES["hand"][0] - 6, rows - PLACES["hand"][1] - 3) < RADII["hand"]).all()
    assert not carrying.propagate_hints(shot.frames[0], shot.tracks[0], shot.hinted)


def test_hints_by_hand_are_not_painted_over():
    lines = face()
    own = hint_at(BLUE, "hand")
    area = areas_of(lines).labels[PLACES["hand"][1], PLACES["hand"][0]]
    laid = carrying.draw_hints(own, [frames.FrameHint(int(area), RED, 0.0, (0.5, 0.5))], lines, areas_of(lines).labels)
    np.testing.assert_array_equal(laid[own[..., 3] > 0], own[own[..., 3] > 0])


def test_carried_hints_come_back_from_their_bytes():
    spots = (frames.FrameHint(3, RED, 0.0, (0.25, 0.5)), frames.FrameHint(4, BLUE, 0.0, None))
    assert carrying.decode_hints(carrying.encode_hints(spots)) == spots
