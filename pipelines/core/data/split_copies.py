"""Finds pictures that lie in one split and have a copy, nearly the same or mirrored, in another.

What is alike is told as in `near_duplicates`, but among 100,000 pictures in a second or two: of two hashes that differ
in at most k bits, cut into k + 1 pieces, at least one piece is the same in both. So for each piece the pictures are
sorted by it, and only those are compared that have it in common and nearly the same mean colour.

Source: M. Norouzi, A. Punjani, D. J. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012.
"""

from collections.abc import Sequence

import numpy as np

from pipelines.core.data.near_duplicates import BITS, CodeTable, PictureHash, code_tables
from pipelines.core.imaging.arrays import F64, U8, Index

_SET_BITS = np.array([number.bit_count() for number in range(256)], np.uint8)


def find_split_copies(
    hashes: Sequence[PictureHash], splits: Sequence[str], *, max_bits: int, max_levels: float
) -> dict[int, int]:
    """For each picture that has a copy in another split: its index -> the index of such a copy."""
    representatives: dict[tuple[PictureHash, str], int] = {}
    kinds = [
        representatives.setdefault((item, split), index)
        for index, (item, split) in enumerate(zip(hashes, splits, strict=True))
    ]
    if len(set(splits)) < 2:
        return {}
    chosen = list(representatives.values())
    search = _CopySearch([hashes[index] for index in chosen], [splits[index] for index in chosen])
    for piece in range(max_bits + 1):
        search.compare(piece, max_bits, max_levels)
    copies = {chosen[place]: chosen[copy] for place, copy in enumerate(search.copies.tolist()) if copy >= 0}
    return {index: copies[kind] for index, kind in enumerate(kinds) if kind in copies}


class _CopySearch:
    """Compares pictures, as they are and mirrored, with those of other splits."""

    def __init__(self, hashes: Sequence[PictureHash], splits: Sequence[str]) -> None:
        tables = code_tables(hashes)
        self._count = len(hashes)
        self._codes = CodeTable(*(np.concatenate(arrays) for arrays in zip(*tables, strict=True)))
        self._splits = np.tile(np.unique(np.asarray(splits), return_inverse=True)[1], 2)
        self._levels: F64 = self._codes.colours.mean(axis=1)
        self.copies: Index = np.full(self._count, -1, np.intp)  # of each picture, the copy that was found

    def compare(self, piece: int, max_bits: int, max_levels: float) -> None:
        """Note the copies among pictures that have one piece of their hash in common."""
        keys = self._pieces(piece, max_bits + 1)
        order = np.lexsort((self._levels, keys))
        keys, levels = keys[order], self._levels[order]
        first = np.arange(len(order) - 1)
        for distance in range(1, len(order)):
            first = first[first < len(order) - distance]
            second = first + distance
            first = first[(keys[first] == keys[second]) & (levels[second] - levels[first] <= max_levels)]
            if not len(first):
                return
            self._note(order[first], order[first + distance], max_bits, max_levels)

    def _pieces(self, piece: int, count: int) -> Index:
        """Every `count`-th bit of each hash as one number, equal where these bits are."""
        packed = np.packbits(np.unpackbits(self._codes.bits, axis=1)[:, piece:BITS:count], axis=1)
        return np.asarray(np.unique(packed, axis=0, return_inverse=True)[1], np.intp).reshape(-1)

    def _note(self, first: Index, second: Index, max_bits: int, max_levels: float) -> None:
        one, other = first % self._count, second % self._count  # the pictures, mirrored or not
        wanted = (self._splits[first] != self._splits[second]) & ((first < self._count) | (second < self._count))
        wanted &= (self.copies[one] < 0) | (self.copies[other] < 0)
        first, second = first[wanted], second[wanted]
        alike = _differing_bits(self._codes.bits, first, second) <= max_bits
        first, second = first[alike], second[alike]
        colours = self._codes.colours
        difference = np.abs(colours[first].astype(np.int16) - colours[second]).mean(axis=1)
        first, second = (places[difference <= max_levels] % self._count for places in (first, second))
        self.copies[first], self.copies[second] = second, first


def _differing_bits(bits: U8, first: Index, second: Index) -> Index:
    return np.asarray(_SET_BITS[bits[first] ^ bits[second]].sum(axis=1), np.intp)
