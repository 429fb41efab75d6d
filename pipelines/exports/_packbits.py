"""Packs bytes as PackBits, the run-length code of TIFF (6.0, section 9) and of Photoshop files.

A packet is a header byte h and data: h in 0..127 stands before h + 1 bytes as they are, h in 129..255 before one byte
that is repeated 257 - h times. No packet goes over the end of a row.
"""

import numpy as np

from pipelines.core.imaging.arrays import U8, Index, Mask
from pipelines.segmentation.label_maps import row_runs

_LONGEST = 128  # bytes that one packet stands for
_SHORTEST = 3  # equal bytes that are worth a packet of their own
_BAND = 1 << 20  # bytes that are packed at once: whole rows


def pack_rows(plane: U8) -> tuple[Index, bytes]:
    """Pack uint8 (H, W) row by row; return the packed length of each row, (H,), and all rows together."""
    height, width = plane.shape
    if not plane.size:
        return np.zeros(height, np.intp), b""
    step = max(1, _BAND // width)
    bands = [_pack(plane[top : top + step]) for top in range(0, height, step)]
    return np.concatenate([sizes for sizes, _ in bands]), b"".join(data.tobytes() for _, data in bands)


def _pack(plane: U8) -> tuple[Index, U8]:
    width = plane.shape[1]
    pixels = np.ascontiguousarray(plane).reshape(-1)
    start, length, is_run = _packets(plane)
    size = np.where(is_run, 2, length + 1)
    end = np.cumsum(size)
    place = end - size
    packed = np.empty(int(end[-1]), np.uint8)
    packed[place] = np.where(is_run, (257 - length) & 255, length - 1)  # a run of one is a literal of one: header 0
    packed[place[is_run] + 1] = pixels[start[is_run]]
    literal_length, moved = length[~is_run], (place + 1 - start)[~is_run]
    first = np.repeat(start[~is_run] - np.cumsum(literal_length) + literal_length, literal_length)
    literal = first + np.arange(int(literal_length.sum()))
    packed[literal + np.repeat(moved, literal_length)] = pixels[literal]
    return np.bincount(start // width, weights=size, minlength=plane.shape[0]).astype(np.intp), packed


def _packets(plane: U8) -> tuple[Index, Index, Mask]:
    """Return where each packet's bytes begin, how many they are, and whether they are all equal."""
    runs = row_runs(plane)
    start, is_run = runs.start, runs.length >= _SHORTEST
    opens = np.ones(len(start), bool)  # short runs that follow one another in a row are one literal
    opens[1:] = is_run[1:] | is_run[:-1] | (start[1:] % plane.shape[1] == 0)
    start, is_run = start[opens], is_run[opens]
    length = np.diff(start, append=plane.size)
    pieces = -(-length // _LONGEST)
    first = np.repeat(np.cumsum(pieces) - pieces, pieces)
    offset = (np.arange(len(first)) - first) * _LONGEST
    return (
        np.repeat(start, pieces) + offset,
        np.minimum(np.repeat(length, pieces) - offset, _LONGEST),
        np.repeat(is_run, pieces),
    )
