"""Which pictures are nearly the same."""

from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.core.data.curation import Curation
from pipelines.core.data.near_duplicates import PictureHash, find_duplicates, hash_from_json, picture_hash
from pipelines.core.imaging.arrays import U8

MAX_BITS = Curation().duplicate_bits


def drawing(seed: int, size: int = 128) -> U8:
    """A few discs and boxes at random places."""
    rng = np.random.default_rng(seed)
    picture = np.full((size, size, 3), 255, np.uint8)
    for _ in range(6):
        centre = tuple(int(value) for value in rng.integers(size // 4, 3 * size // 4, 2))
        colour = tuple(int(value) for value in rng.integers(0, 200, 3))
        cv2.circle(picture, centre, int(rng.integers(6, size // 5)), colour, -1, cv2.LINE_AA)
    return picture


def bits_apart(first: PictureHash, second: PictureHash) -> int:
    return sum((one ^ other).bit_count() for one, other in zip(first.bits, second.bits, strict=True))


def jpeg(picture: U8) -> U8:
    data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def test_renderings_of_one_drawing_are_alike_and_drawings_are_not() -> None:
    hashes = []
    for seed in range(12):
        picture = drawing(seed, 256)
        first = picture_hash(picture)
        half = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)
        padded = np.pad(picture, ((0, 60), (90, 0), (0, 0)), constant_values=255)
        for other in (jpeg(picture), half, padded):
            assert bits_apart(first, picture_hash(np.asarray(other, np.uint8))) <= MAX_BITS
        hashes.append(first)
    apart = [bits_apart(one, other) for number, one in enumerate(hashes) for other in hashes[:number]]
    assert min(apart) > 24


def test_a_recolouring_has_the_same_hash_but_is_no_duplicate() -> None:
    picture = drawing(3)
    swapped = picture[..., [0, 2, 1]].copy()
    hashes = [picture_hash(picture), picture_hash(swapped), picture_hash(picture)]
    assert find_duplicates(hashes, max_bits=64, max_levels=6) == {2: 0}


def test_the_search_over_blocks_finds_what_comparing_each_pair_finds() -> None:
    rng = np.random.default_rng(5)
    bases = [rng.bytes(32) for _ in range(90)]
    hashes = []
    for number in range(1300):  # several blocks
        bits = bytearray(bases[number % 90])
        bits[number % 32] ^= 1 << number % 8
        hashes.append(PictureHash(bytes(bits), rng.bytes(32), b"\0" * 192))
    expected: dict[int, int] = {}
    for later, one in enumerate(hashes):
        alike = (n for n in range(later) if n not in expected and bits_apart(one, hashes[n]) <= 2)
        first = next(alike, None)
        if first is not None:
            expected[later] = first
    assert find_duplicates(hashes, max_bits=2, max_levels=1) == expected
    assert len(expected) > 1000
    assert find_duplicates([], max_bits=2, max_levels=1) == {}


@pytest.mark.parametrize("seed", range(8))
def test_mirrored_copies_are_alike(seed: int) -> None:
    picture, other = drawing(seed, 256), drawing(seed + 100, 256)
    half = cv2.resize(picture[:, ::-1], (128, 128), interpolation=cv2.INTER_AREA)
    hashes = [picture_hash(image) for image in (picture, np.asarray(half, np.uint8), other, other[::-1].copy())]
    assert find_duplicates(hashes, max_bits=MAX_BITS, max_levels=6) == {1: 0}


def test_a_hash_travels_as_json_and_nothing_else_does() -> None:
    picture = picture_hash(drawing(1))
    assert hash_from_json(picture.as_json()) == picture
    damages: list[dict[str, Any]] = [{"bits": ""}, {"bits": "zz"}, {"bits": 5}, {"colours": picture.bits.hex()}]
    for damage in damages:
        with pytest.raises((ValueError, TypeError)):
            hash_from_json({**picture.as_json(), **damage})
    with pytest.raises(KeyError):
        hash_from_json({"bits": picture.bits.hex()})
