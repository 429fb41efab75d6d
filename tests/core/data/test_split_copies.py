"""Which pictures have a copy in another split."""

import time

import numpy as np

from pipelines.core.data.near_duplicates import PictureHash, picture_hash
from pipelines.core.data.split_copies import find_split_copies
from tests.build_dataset.corpora import picture


def found(hashes: list[PictureHash], splits: list[str]) -> dict[int, int]:
    return find_split_copies(hashes, splits, max_bits=6, max_levels=6)


def test_copies_count_only_across_splits_mirrored_ones_too() -> None:
    first, second, third = (picture(seed) for seed in (1, 2, 3))
    hashes = [picture_hash(image) for image in (first, first, second, second[:, ::-1].copy(), third, first)]
    assert found(hashes, ["train", "train", "train", "val", "test", "train"]) == {2: 3, 3: 2}
    assert found(hashes, ["train"] * 6) == {}
    assert found([], []) == {}
    across = found(hashes, ["train", "val", "train", "train", "test", "train"])
    assert across == {0: 1, 1: 0, 5: 1}


def test_the_search_by_pieces_finds_what_comparing_each_pair_finds() -> None:
    rng = np.random.default_rng(8)
    hashes, splits = [], []
    for number in range(600):
        bits = np.unpackbits(np.frombuffer(np.random.default_rng(number % 150).bytes(32), np.uint8))
        bits[rng.choice(256, int(rng.integers(0, 6)), replace=False)] ^= 1
        colours = np.full(192, 100 + 5 * int(rng.integers(0, 3)), np.uint8).tobytes()
        hashes.append(PictureHash(np.packbits(bits).tobytes(), rng.bytes(32), colours))
        splits.append(("train", "val", "test")[int(rng.integers(0, 3))])
    codes = np.array([list(item.bits) for item in hashes], np.uint8)
    levels = np.array([item.colours[0] for item in hashes], int)
    apart = np.unpackbits(codes[:, None] ^ codes[None], axis=2).sum(axis=2)
    alike = (apart <= 6) & (np.abs(levels[:, None] - levels) <= 6) & (np.array(splits)[:, None] != np.array(splits))
    copies = found(hashes, splits)
    assert set(copies) == set(np.flatnonzero(alike.any(axis=1)).tolist())
    assert all(alike[index, copy] for index, copy in copies.items())
    assert len(copies) > 300


def test_many_equal_pictures_take_no_time_squared() -> None:
    blank = PictureHash(b"\0" * 32, b"\0" * 32, b"\xff" * 192)
    began = time.process_time()
    assert len(found([blank] * 50_000, ["train", "val"] * 25_000)) == 50_000
    assert time.process_time() - began < 20  # a pair at a time would be a thousand million
