"""Following areas over frames, and choosing their colours: facts on drawings whose answer is plain."""

import importlib
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.core.imaging.colours import WHITE, medoid
from pipelines.flatting.areas import AreaMap
from pipelines.flatting.reading import LineReading
from pipelines.hints.base.palette_extraction import fills_of, palette_of
from pipelines.inference.types import ColorResult
from pipelines.tracking import frames
from pipelines.tracking import hint_propagation as carrying
from pipelines.tracking import palette_lock as lock
from pipelines.tracking import tracks as tracking
from pipelines.tracking.recolour import INK, decode_targets, encode_targets, recolour
from pipelines.tracking.tracks import UNTRACKED, track_areas
from tests.drawings import BLUE, GREEN, RED

SIZE = 128
PLACES = {"head": (40, 60), "hand": (92, 40), "foot": (92, 92)}  # x, y
RADII = {"head": 26, "hand": 15, "foot": 15}


def face(shift=(0, 0), *, swing=0, missing=(), eye=True):
    """A head with an eye, a hand that swings, a foot."""
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    for name, (x, y) in PLACES.items():
        if name not in missing:
            middle = x + shift[0], y + shift[1] + (swing if name == "hand" else 0)
            cv2.circle(lines, middle, RADII[name], 0, 2)
            if name == "head" and eye:
                cv2.circle(lines, middle, 8, 0, 2)
    return lines


def hint_at(colour, *names, shift=(0, 0)):
    hints = np.zeros((SIZE, SIZE, 4), np.uint8)
    for name in names:
        x, y = PLACES[name]
        cv2.circle(hints, (x + shift[0] + (16 if name == "head" else 0), y + shift[1]), 3, (*colour, 255), -1)
    return hints


def noted(lines, hints=None, **options):
    blank = np.zeros((*lines.shape, 4), np.uint8)
    frame = frames.survey(lines, LineReading(lines).areas, blank if hints is None else hints, **options)
    return frames.decode(frames.encode(frame))


def area_at(frame, name, shift=(0, 0)):
    x, y = PLACES[name]
    return int(frame.labels[y + shift[1], x + shift[0] + (16 if name == "head" else 0)])


def painted(lines, colours):
    """A painting with one flat colour an area and shading of 10 levels in the left half."""
    areas = LineReading(lines).areas
    flat = np.asarray(colours, np.uint8)[areas.labels]
    colour = flat.copy()
    colour[:, : SIZE // 2] = np.maximum(flat[:, : SIZE // 2], 10) - 10
    return ColorResult(colour, flat, np.zeros(lines.shape, bool), areas.labels), areas


# --- frames


def test_a_frame_comes_back_from_its_bytes_as_it_was():
    lines = face()
    frame = frames.survey(lines, LineReading(lines).areas, hint_at(RED, "hand"), by_hand=False)
    again = frames.decode(frames.encode(frame))
    np.testing.assert_array_equal(again.labels, frame.labels)
    np.testing.assert_array_equal(again.about.outside, frame.about.outside)
    assert [spot.colour for spot in again.about.spots] == [RED] and not again.about.by_hand
    assert frames.encode(again) == frames.encode(frame)


def test_a_frame_is_small_whatever_the_picture():
    lines = cv2.resize(face(), (1600, 1600), interpolation=cv2.INTER_NEAREST)
    frame = frames.survey(lines, LineReading(lines).areas, np.zeros((1600, 1600, 4), np.uint8))
    assert max(frame.labels.shape) == 256
    assert len(frames.encode(frame)) < 20_000


def test_a_hint_is_noted_where_it_lies():
    frame = noted(face(), hint_at(RED, "hand"))
    (spot,) = frame.about.spots
    assert spot.area == area_at(frame, "hand")
    assert spot.x == pytest.approx(0.5, abs=0.05) and spot.y == pytest.approx(0.5, abs=0.05)


# --- tracks


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
        sides.append((len(one.size), len(other.size), *one.touching.shape, *more["known"].shape))
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


def test_shots_are_names_that_differ_in_their_last_number():
    names = ["walk_10", "walk_9", "hero", "run1b", "run2b", "walk_11x"]
    assert lock.find_shots(names) == [[1, 0], [2], [3, 4], [5]]


# --- hints are carried


def test_a_hint_is_carried_to_the_same_area_of_a_frame_without():
    shot = lock.track_shot([noted(face(), hint_at(RED, "hand")), noted(face((6, 3)))])
    (spot,) = carrying.propagate_hints(shot.frames[1], shot.tracks[1], shot.hinted)
    lines = face((6, 3))
    hints = carrying.draw_hints(np.zeros((SIZE, SIZE, 4), np.uint8), [spot], lines, LineReading(lines).areas.labels)
    rows, columns = np.nonzero(hints[..., 3])
    assert (hints[rows, columns, :3] == RED).all()
    assert (np.hypot(columns - PLACES["hand"][0] - 6, rows - PLACES["hand"][1] - 3) < RADII["hand"]).all()
    assert not carrying.propagate_hints(shot.frames[0], shot.tracks[0], shot.hinted)


def test_hints_by_hand_are_not_painted_over():
    lines = face()
    own = hint_at(BLUE, "hand")
    area = LineReading(lines).areas.labels[PLACES["hand"][1], PLACES["hand"][0]]
    laid = carrying.draw_hints(
        own, [frames.FrameHint(int(area), RED, 0.0, 0.5, 0.5)], lines, LineReading(lines).areas.labels
    )
    np.testing.assert_array_equal(laid[own[..., 3] > 0], own[own[..., 3] > 0])


def test_carried_hints_come_back_from_their_bytes():
    spots = (frames.FrameHint(3, RED, 0.0, 0.25, -1.0),)
    assert carrying.decode_hints(carrying.encode_hints(spots)) == spots


# --- colours


def test_the_medoid_is_one_of_the_colours_and_counts_weights():
    assert medoid([RED, BLUE, RED], [1, 1.5, 1]) == RED
    assert medoid([RED, BLUE], [1, 2]) == BLUE


def shot_of(colours_by_frame, hints=None):
    """A shot of still frames, painted as said, (n + 1, 3) a frame."""
    lines = face()
    seen = [noted(lines, None if hints is None else hints[at]) for at in range(len(colours_by_frame))]
    shot = lock.track_shot(seen)
    samples = {at: lock.sample_colours(*painted(lines, colours)) for at, colours in enumerate(colours_by_frame)}
    return shot._replace(samples=samples), seen


def colours_with(hand):
    """White everywhere but in the hand."""
    lines = face()
    colours = np.full((LineReading(lines).areas.labels.max() + 1, 3), 255)
    colours[area_at(noted(lines), "hand")] = hand
    return colours


def test_a_track_has_the_colour_painted_most_and_every_frame_gets_it():
    shot, seen = shot_of([colours_with(colour) for colour in (RED, BLUE, RED)])
    (wanted,) = lock.choose_colours([shot], None)
    hand = area_at(seen[0], "hand")
    assert [frame[hand] for frame in wanted] == [(RED,)] * 3


def test_a_hint_wins_over_what_was_painted_and_over_the_palette():
    hints = [np.zeros((SIZE, SIZE, 4), np.uint8), hint_at(GREEN, "hand")]
    shot, seen = shot_of([colours_with(RED), colours_with(GREEN)], hints)
    (wanted,) = lock.choose_colours([shot], [BLUE])
    assert [frame[area_at(seen[0], "hand")] for frame in wanted] == [(GREEN,)] * 2


def test_a_hint_by_hand_of_another_colour_keeps_its_frame():
    hints = [hint_at(RED, "hand"), hint_at(RED, "hand"), hint_at(BLUE, "hand")]
    shot, seen = shot_of([colours_with(RED)] * 3, hints)
    (wanted,) = lock.choose_colours([shot], None)
    assert [frame[area_at(seen[0], "hand")] for frame in wanted] == [(RED,), (RED,), (BLUE,)]


def test_hints_that_were_found_give_way_to_the_tracks_colour():
    lines = face()
    seen = [noted(lines, hint_at(colour, "hand"), by_hand=False) for colour in (RED, RED, BLUE)]
    shot = lock.track_shot(seen)
    (wanted,) = lock.choose_colours([shot], None)
    assert {frame[area_at(seen[0], "hand")] for frame in wanted} == {(RED,)}


def test_colours_of_a_folder_that_are_the_same_to_the_eye_become_one():
    near = (RED[0] - 3, RED[1] + 2, RED[2])
    one, _ = shot_of([colours_with(RED)] * 3)
    other, seen = shot_of([colours_with(near)])
    wanted = lock.choose_colours([one, other], None)
    assert wanted[1][0][area_at(seen[0], "hand")] == (RED,)


def test_without_hints_the_palette_decides():
    shot, seen = shot_of([colours_with((200, 60, 50))])
    ((wanted,),) = lock.choose_colours([shot], [BLUE, RED])
    assert wanted[area_at(seen[0], "hand")] == (RED,)
    assert wanted[area_at(seen[0], "foot")] == (WHITE,)


def test_the_ink_has_one_colour_too():
    lines = face()
    shot = lock.track_shot([noted(lines)] * 3)
    inks = [(10, 20, 30), (10, 20, 30), (200, 0, 0)]
    painting, areas = painted(lines, colours_with(RED))
    samples = {
        at: lock.sample_colours(replace(painting, ink=np.array(ink, np.uint8)), areas) for at, ink in enumerate(inks)
    }
    (wanted,) = lock.choose_colours([shot._replace(samples=samples)], None)
    assert recolour(painting, areas, wanted[2]).ink.tolist() == [10, 20, 30]


def test_few_frames_are_sampled_of_a_long_shot_and_those_with_hints_first():
    hints = [None] * 39 + [hint_at(RED, "hand")]
    shot = lock.track_shot(noted(face(), hint) for hint in hints)
    chosen = lock.frames_to_sample(shot)
    assert 39 in chosen and 5 <= len(chosen) <= 8


# --- recolouring


def test_an_area_takes_its_colour_with_the_shading_kept_and_the_others_stay():
    lines = face()
    painting, areas = painted(lines, colours_with((100, 100, 100)))
    hand = int(areas.labels[PLACES["hand"][1], PLACES["hand"][0]])
    head = int(areas.labels[PLACES["head"][1], PLACES["head"][0] + 16])
    done = recolour(painting, areas, {hand: (GREEN,), head: ((50, 60, 70),)})
    assert (done.colour[areas.labels == hand] == GREEN).all()
    left = (areas.labels == head) & (np.arange(SIZE) < SIZE // 2)
    assert (done.colour[left] == (40, 50, 60)).all() and (done.flats[left] == (50, 60, 70)).all()
    rest = ~np.isin(areas.labels, [hand, head])
    np.testing.assert_array_equal(done.colour[rest], painting.colour[rest])


def test_parts_of_an_area_take_the_nearest_of_several_colours():
    lines = face()
    painting, areas = painted(lines, colours_with((250, 10, 10)))
    hand = areas.labels == areas.labels[PLACES["hand"][1], PLACES["hand"][0]]
    lower = hand & (np.arange(SIZE)[:, None] > PLACES["hand"][1])
    painting.flats[lower] = painting.colour[lower] = (10, 10, 250)
    done = recolour(painting, areas, {int(areas.labels[hand][0]): (RED, BLUE)})
    assert (done.flats[lower] == BLUE).all() and (done.flats[hand & ~lower] == RED).all()


def test_a_pixel_becomes_what_its_own_colour_and_area_say_whatever_was_painted_last():
    chance = np.random.default_rng(3)
    labels = chance.integers(0, 3, (20, 20)).astype(np.int32)
    flat = np.array([(250, 10, 10), (10, 10, 250), (90, 90, 90)], np.uint8)[chance.integers(0, 3, (20, 20))]
    areas = AreaMap(labels, np.zeros(3, bool), np.bincount(labels.ravel()), np.zeros((0, 2), np.intp))
    wanted = {INK: ((1, 2, 3),), 1: (RED, BLUE)}
    done = [
        recolour(
            ColorResult(turn(flat), turn(flat), np.zeros((20, 20), bool), turn(labels)),
            areas._replace(labels=turn(labels)),
            wanted,
        )
        for turn in (np.asarray, np.rot90, np.flipud)
    ]
    for one, back in zip(done[1:], (lambda array: np.rot90(array, -1), np.flipud), strict=True):
        np.testing.assert_array_equal(back(one.flats), done[0].flats)
    np.testing.assert_array_equal(done[0].flats[labels != 1], flat[labels != 1])
    assert {tuple(colour) for colour in done[0].flats[labels == 1].tolist()} == {RED, BLUE}


def test_paper_outside_stays_paper_beside_a_colour_for_it():
    lines = face()
    painting, areas = painted(lines, colours_with(RED))
    outside = areas.labels[0, 0]
    done = recolour(painting, areas, {int(outside): ((10, 10, 80),)})
    assert (done.flats[areas.labels == outside] == 255).all()
    tinted = replace(painting, flats=painting.flats.copy(), colour=painting.flats.copy())
    tinted.flats[areas.labels == outside] = tinted.colour[areas.labels == outside] = (240, 240, 230)
    whitened = recolour(tinted, areas, {int(outside): (WHITE,)})
    assert whitened.background[areas.labels == outside].all()


def test_wanted_colours_come_back_from_their_bytes():
    wanted = {INK: ((1, 2, 3),), 4: (RED, BLUE)}
    assert decode_targets(encode_targets(wanted)) == wanted


# --- palettes of finished pictures


def test_the_palette_of_finished_pictures_is_their_colours_the_commonest_first():
    pictures = []
    for small in (GREEN, BLUE):
        picture = np.full((96, 96, 3), 255, np.uint8)
        cv2.rectangle(picture, (10, 10), (85, 85), RED, -1)
        cv2.rectangle(picture, (30, 30), (50, 50), small, -1)
        cv2.rectangle(picture, (10, 10), (85, 85), (0, 0, 0), 2)
        pictures.append(fills_of(picture, None))
    found = [tuple(colour) for colour in palette_of(pictures).tolist()]
    assert found[0] == RED and set(found) == {RED, GREEN, BLUE}


def test_blank_pictures_have_no_palette():
    blank = np.full((20, 20, 3), 255, np.uint8)
    assert palette_of([fills_of(blank, None)]).shape == (0, 3)


# --- monsters

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def monsters():
    sys.path.insert(0, str(EXAMPLES))
    return importlib.import_module("monsters")


def test_livelier_monsters_begin_with_the_picture_that_was_and_move_farther(monsters):
    still = monsters.describe(7, 3)
    lively = monsters.livelier(still)
    np.testing.assert_array_equal(monsters.render(still, 96).lines, monsters.render(lively, 96).lines)
    changed = [
        np.count_nonzero(monsters.render(one, 96, time=0.25).lines != monsters.render(one, 96).lines)
        for one in (still, lively)
    ]
    assert changed[1] > changed[0]


@pytest.mark.parametrize("index", [0, 4])
def test_parts_of_walking_monsters_are_followed(monsters, index):
    """Of what a track holds over a loop of frames, hardly anything is of another part."""
    monster = monsters.livelier(monsters.describe(11, index))
    drawn = [monsters.render(monster, 160, time=turn / 6) for turn in range(6)]
    tracks = track_areas([noted(one.lines) for one in drawn])
    parts = defaultdict(Counter)
    for one, own in zip(drawn, tracks, strict=True):
        known = own[LineReading(one.lines).areas.labels]
        for number, name in one.names.items():
            for track, pixels in zip(*np.unique(known[one.regions == number], return_counts=True), strict=True):
                parts[int(track)][name.partition("~")[0]] += int(pixels)
    parts.pop(UNTRACKED, None)
    total = sum(sum(part.values()) for part in parts.values())
    assert sum(max(part.values()) for part in parts.values()) > 0.97 * total
    assert len(parts) < 2 * max(len(one.names) for one in drawn)
