"""Areas move to their target colours and keep their shading."""

from dataclasses import replace

import numpy as np

from pipelines.core.imaging.colours import WHITE
from pipelines.flatting.areas import AreaMap
from pipelines.inference.types import ColorResult
from pipelines.tracking.recolour import INK, decode_targets, encode_targets, recolour
from tests.drawings import BLUE, GREEN, RED
from tests.tracking.scenes import PLACES, SIZE, area_at, areas_of, face, noted, painted


def colours_with(hand):
    """White everywhere but in the hand."""
    lines = face()
    colours = np.full((areas_of(lines).labels.max() + 1, 3), 255)
    colours[area_at(noted(lines), "hand")] = hand
    return colours


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
