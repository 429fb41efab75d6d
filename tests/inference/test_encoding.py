"""Facts about what networks are given: channels, ranges, what each encoding can tell apart, and the way back."""

import cv2
import numpy as np
import pytest
import torch

from pipelines.core.imaging.compositing import composite
from pipelines.inference.encoding import (
    COMPOSITE,
    ENCODINGS,
    HINTED,
    LAYERS,
    LINES,
    PICTURE,
    Encoding,
    to_floats,
    to_levels,
    to_picture,
)
from tests.drawings import RED, WHITE, Bytes, two_circles, two_hints


def random_pair(encoding: Encoding, size: int = 24) -> tuple[Bytes, Bytes]:
    """Line art, or a picture where that is read, and hints of any level and any alpha."""
    rng = np.random.default_rng(3)
    shape = (size, size, 3) if encoding.reads_picture else (size, size)
    return rng.integers(0, 256, shape, np.uint8), rng.integers(0, 256, (size, size, 4), np.uint8)


def paper(size: int = 8) -> Bytes:
    return np.full((size, size), 255, np.uint8)


def one_hint(colour: tuple[int, int, int], alpha: int = 255) -> Bytes:
    hints = np.zeros((8, 8, 4), np.uint8)
    hints[2:4, 3:6] = (*colour, alpha)
    return hints


@pytest.mark.parametrize("name", ENCODINGS)
def test_an_encoding_has_the_channels_and_the_range_that_it_names(name: str) -> None:
    encoding = ENCODINGS[name]
    assert encoding.name == name
    encoded = encoding.encode(*random_pair(encoding))
    assert encoded.shape == (encoding.channels, 24, 24)
    assert encoded.dtype == np.float32
    assert encoded.min() >= -1 and encoded.max() <= 1
    assert encoded.min() < -0.9 and encoded.max() > 0.9, "the whole range is used"


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=lambda encoding: encoding.name)
def test_what_is_encoded_is_not_changed(encoding: Encoding) -> None:
    lines, hints = random_pair(encoding)
    before = lines.copy(), hints.copy()
    encoding.encode(lines, hints)
    assert np.array_equal(lines, before[0]) and np.array_equal(hints, before[1])


def test_a_white_hint_on_white_paper_is_seen_in_layers_and_not_in_a_composite() -> None:
    nothing, white = np.zeros((8, 8, 4), np.uint8), one_hint(WHITE)
    assert np.array_equal(COMPOSITE.encode(paper(), white), COMPOSITE.encode(paper(), nothing))
    changed = LAYERS.encode(paper(), white) != LAYERS.encode(paper(), nothing)
    assert np.array_equal(changed.any(axis=0), white[..., 3] > 0)


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=lambda encoding: encoding.name)
def test_hints_change_what_is_read_where_an_encoding_says_so(encoding: Encoding) -> None:
    lines, _ = random_pair(encoding, 8)
    nothing, hint = np.zeros((8, 8, 4), np.uint8), one_hint(RED)
    changes = not np.array_equal(encoding.encode(lines, nothing), encoding.encode(lines, hint))
    assert changes == encoding.reads_hints


def test_lines_alone_are_one_channel_of_paper_1_and_ink_minus_1() -> None:
    lines = paper()
    lines[3, 4] = 0
    encoded = LINES.encode(lines, one_hint(RED))
    assert encoded.shape == (1, 8, 8)
    assert encoded[0, 3, 4] == -1 and (np.delete(encoded.reshape(-1), 3 * 8 + 4) == 1).all()


def test_four_channels_are_the_layers_without_the_mask_on_middle_grey() -> None:
    hints = one_hint((255, 0, 51))
    encoded = HINTED.encode(paper(), hints)
    assert np.array_equal(encoded, LAYERS.encode(paper(), hints)[:4])
    assert encoded[:, 2, 3].tolist() == pytest.approx([1, 1, -1, -0.6])
    assert encoded[:, 0, 0].tolist() == [1, 0, 0, 0], "no hint is the grey between -1 and 1"


def test_a_picture_is_read_as_it_is() -> None:
    picture, hints = random_pair(PICTURE)
    assert np.array_equal(PICTURE.encode(picture, hints), to_floats(picture))


def test_a_composite_is_the_hints_painted_on_the_line_art() -> None:
    lines, hints = two_circles(), two_hints()
    painted = to_levels(COMPOSITE.encode(lines, hints)[None])[0]
    assert np.array_equal(np.rint(painted), composite(hints, cv2.cvtColor(lines, cv2.COLOR_GRAY2RGB)))


def test_layers_hold_line_colour_and_mask_apart() -> None:
    lines, hints = two_circles(), two_hints()
    line, red, _, blue, mask = LAYERS.encode(lines, hints)
    hinted = hints[..., 3] == 255
    assert np.array_equal(line, lines / np.float32(127.5) - 1), "hints do not touch the lines"
    assert np.array_equal(mask, np.where(hinted, 1, -1))
    assert (red[~hinted] == 0).all() and (blue[~hinted] == 0).all()
    assert red[48, 25] == np.float32(RED[0] / 127.5 - 1)
    assert blue[48, 25] == pytest.approx(RED[2] / 127.5 - 1)


@pytest.mark.parametrize(("alpha", "seen"), [(0, False), (127, False), (128, True), (255, True)])
def test_a_hint_is_there_or_not_however_soft_its_edge(alpha: int, seen: bool) -> None:
    encoded = LAYERS.encode(paper(), one_hint(RED, alpha))
    whole = LAYERS.encode(paper(), one_hint(RED, 255 if seen else 0))
    assert np.array_equal(encoded, whole)


def test_levels_come_back_from_floats_each_of_them() -> None:
    picture = np.arange(256 * 3, dtype=np.uint16).reshape(16, 16, 3).astype(np.uint8)
    floats = to_floats(picture)
    assert (floats.shape, floats.dtype) == ((3, 16, 16), np.float32)
    assert floats.flags.c_contiguous
    assert (floats.min(), floats.max()) == (-1, 1)
    assert np.array_equal(np.rint(to_levels(floats[None])[0]), picture)
    assert np.array_equal(to_picture(torch.from_numpy(floats)), picture)


def test_channels_keep_their_order_for_any_number_of_them() -> None:
    picture = np.zeros((2, 3, 7), np.uint8)
    picture[..., 6] = 255
    floats = to_floats(picture)
    assert floats.shape == (7, 2, 3)
    assert (floats[6] == 1).all() and (floats[:6] == -1).all()


def test_what_a_network_gives_beyond_the_range_is_cut() -> None:
    wild = np.array([-3, -1, 0, 1, 3], np.float32).reshape(1, 1, 1, 5).repeat(3, axis=1)
    assert to_levels(wild)[0, 0, :, 0].tolist() == [0, 0, 127.5, 255, 255]
    assert to_picture(torch.from_numpy(wild[0]))[0, :, 1].tolist() == [0, 0, 128, 255, 255]


def test_layers_tell_white_hints_from_paper() -> None:
    lines, hints = np.full((4, 4), 255, np.uint8), np.zeros((4, 4, 4), np.uint8)
    hints[1, 1] = 255
    hints[2, 2] = (255, 0, 0, 255)
    layers = LAYERS.encode(lines, hints)
    assert layers[:, 1, 1].tolist() == [1, 1, 1, 1, 1]
    assert layers[:, 2, 2].tolist() == [1, 1, -1, -1, 1]
    assert layers[:, 0, 0].tolist() == [1, 0, 0, 0, -1]


def test_a_picture_survives_the_way_there_and_back() -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(to_picture(torch.from_numpy(to_floats(ramp))), ramp)
