"""One colour for each area of a sequence and one palette for a folder."""

from dataclasses import replace

import numpy as np

from pipelines.core.imaging.colours import WHITE
from pipelines.tracking import palette_lock as lock
from pipelines.tracking.recolour import recolour
from tests.drawings import BLUE, GREEN, RED
from tests.tracking.scenes import SIZE, area_at, areas_of, face, hint_at, noted, painted


def test_shots_are_names_that_differ_in_their_last_number():
    names = ["walk_10", "walk_9", "hero", "run1b", "run2b", "walk_11x"]
    assert lock.find_shots(names) == [[1, 0], [2], [3, 4], [5]]


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
    colours = np.full((areas_of(lines).labels.max() + 1, 3), 255)
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


def test_the_colours_of_a_folders_hints_are_offered_that_of_the_largest_area_first():
    hints = [hint_at(GREEN, "hand"), hint_at(RED, "head")]
    shot, _ = shot_of([colours_with(RED), colours_with(RED)], hints)
    assert lock.hinted_palette([shot]) == (RED, GREEN)
    assert lock.decode_palette(lock.encode_palette((RED, GREEN))) == (RED, GREEN)
    unhinted, _ = shot_of([colours_with(RED)])
    assert lock.hinted_palette([unhinted]) == ()
