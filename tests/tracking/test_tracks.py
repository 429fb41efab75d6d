"""Areas followed over frames: drawings whose answer is plain, and walking monsters."""

import importlib
import sys
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.flatting.areas import AreaMap
from pipelines.tracking import frames
from pipelines.tracking import tracks as tracking
from pipelines.tracking.tracks import UNTRACKED, track_areas
from tests.tracking.scenes import PLACES, SIZE, area_at, areas_of, face, noted


def test_areas_are_known_again_when_the_figure_moves_and_a_part_swings():
    shifts = [(0, 0), (4, 2), (9, 3), (14, 1)]
    seen = [noted(face(shift, swing=4 * turn)) for turn, shift in enumerate(shifts)]
    tracks = track_areas(seen)
    for name in ("head", "foot"):
        found = {int(own[area_at(frame, name, at)]) for frame, own, at in zip(seen, tracks, shifts, strict=True)}
        assert len(found) == 1 and UNTRACKED not in found
    hands = {
        int(own[area_at(frame, "hand", (at[0], at[1] + 4 * turn))])
        for turn, (frame, own, at) in enumerate(zip(seen, tracks, shifts, strict=True))
    }
    assert len(hands) == 1


def test_what_disappears_for_two_frames_is_the_same_when_it_is_back():
    seen = [noted(face(missing=missing)) for missing in ((), ("hand",), ("hand",), ())]
    tracks = track_areas(seen)
    assert tracks[0][area_at(seen[0], "hand")] == tracks[3][area_at(seen[3], "hand")]


def bust(hem):
    """A head and a coat, which a hem closes or which runs off the page."""
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    cv2.circle(lines, (64, 34), 20, 0, 2)
    points = [(20, 110), (34, 70), (94, 70), (108, 110)] if hem else [(16, 140), (34, 72), (94, 72), (112, 140)]
    cv2.polylines(lines, [np.array(points, np.int32)], hem, 0, 2)
    return lines


@pytest.mark.parametrize("order", [(True, True, False, False), (False, False, True)])
def test_a_coat_that_runs_off_the_page_is_the_same_coat(order):
    seen = [noted(bust(hem)) for hem in order]
    tracks = track_areas(seen)
    coats = {int(own[frame.labels[90, 64]]) for frame, own in zip(seen, tracks, strict=True)}
    papers = {int(own[frame.labels[4, 4]]) for frame, own in zip(seen, tracks, strict=True)}
    assert len(coats) == 1 and UNTRACKED not in coats
    assert len(papers) == 1 and papers != coats
    open_frame = seen[order.index(False)]
    assert not open_frame.info.outside[open_frame.labels[90, 64]]


def test_an_eye_that_opens_again_is_no_part_of_the_head():
    seen = [noted(face(eye=eye)) for eye in (True, False, True)]
    tracks = track_areas(seen)
    x, y = PLACES["head"]
    eyes = [int(own[frame.labels[y, x]]) for frame, own in zip(seen, tracks, strict=True)]
    heads = [int(own[area_at(frame, "head")]) for frame, own in zip(seen, tracks, strict=True)]
    assert eyes[0] == eyes[2] != heads[0]
    assert len(set(heads)) == 1 and eyes[1] == heads[1]


def test_pictures_of_other_things_have_nothing_in_common():
    other = np.full((SIZE, SIZE), 255, np.uint8)
    for row in range(10, 110, 25):
        for column in range(10, 110, 25):
            cv2.rectangle(other, (column, row), (column + 18, row + 18), 0, 2)
    first, second = track_areas([noted(face()), noted(other)])
    assert not set(first[first != UNTRACKED]) & set(second[second != UNTRACKED])


def test_following_is_the_same_every_time():
    seen = [noted(face((turn, 0))) for turn in range(3)]
    for one, other in zip(track_areas(seen), track_areas(iter(seen)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_of_very_many_areas_six_hundred_are_compared_at_the_cost_of_as_many(monkeypatch):
    labels = np.arange(1, 31 * 31 + 1, dtype=np.int32).reshape(31, 31).repeat(6, axis=0).repeat(6, axis=1)
    count = int(labels.max()) + 1
    areas = AreaMap(labels, np.zeros(count, bool), np.full(count, 36), np.zeros((0, 2), np.intp))
    sides = []
    match = tracking.match_areas

    def watched(one, other, **more):
        sides.append((len(one.size), len(other.size), *one.adjacent.shape, *more["settled"].shape))
        return match(one, other, **more)

    monkeypatch.setattr(tracking, "match_areas", watched)
    frame = frames.survey(np.full(labels.shape, 255, np.uint8), areas, np.zeros((*labels.shape, 4), np.uint8))
    first, second = track_areas([frame, frames.decode(frames.encode(frame))])
    assert sides and set(sides) == {(601,) * 6}
    assert len(first) == count and np.flatnonzero(first != UNTRACKED).tolist() == list(range(1, 601))
    np.testing.assert_array_equal(first, second)


def test_tracks_stay_with_their_areas_where_only_the_largest_are_compared(monkeypatch):
    seen = [noted(face(shift)) for shift in ((0, 0), (4, 2))]
    everything = track_areas(seen)
    monkeypatch.setattr(frames, "_MOST_AREAS", 4)
    largest = track_areas([noted(face(shift)) for shift in ((0, 0), (4, 2))])
    eyes = [int(frame.labels[60 + turn * 2, 40 + turn * 4]) for turn, frame in enumerate(seen)]
    for one, all_of_one, eye in zip(largest, everything, eyes, strict=True):
        assert one[eye] == UNTRACKED != all_of_one[eye]
    for name in PLACES:
        places = [area_at(frame, name, (4 * turn, 2 * turn)) for turn, frame in enumerate(seen)]
        assert largest[0][places[0]] == largest[1][places[1]] != UNTRACKED
    assert (largest[0] != UNTRACKED).sum() == 4


EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def monsters():
    sys.path.insert(0, str(EXAMPLES))
    return importlib.import_module("monsters")


@pytest.mark.parametrize("index", [0, 4])
def test_parts_of_walking_monsters_are_followed(monsters, index):
    """Of what a track holds over a loop of frames, hardly anything is of another part."""
    monster = monsters.livelier(monsters.describe(11, index))
    drawn = [monsters.render(monster, 160, time=turn / 6) for turn in range(6)]
    tracks = track_areas([noted(one.lines) for one in drawn])
    parts = defaultdict(Counter)
    for one, own in zip(drawn, tracks, strict=True):
        known = own[areas_of(one.lines).labels]
        for number, name in one.names.items():
            for track, pixels in zip(*np.unique(known[one.regions == number], return_counts=True), strict=True):
                parts[int(track)][name.partition("~")[0]] += int(pixels)
    parts.pop(UNTRACKED, None)
    total = sum(sum(part.values()) for part in parts.values())
    assert sum(max(part.values()) for part in parts.values()) > 0.97 * total
    assert len(parts) < 2 * max(len(one.names) for one in drawn)
