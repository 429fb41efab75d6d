"""Turns samples of any depth and indices of palettes into levels 0..255, fast."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8, Samples


def to_levels(samples: Samples, largest: int) -> U8:
    """Scale 0..largest, at most 65535, to 0..255, rounded to nearest, halves up."""
    if largest == 255:
        return np.ascontiguousarray(samples, np.uint8)
    if largest == 0xFFFF:
        return np.asarray((samples.astype(np.uint32) * 255 + 32895) >> 16, np.uint8)  # exact: tested for every sample
    levels = ((np.arange(largest + 1) * 510 + largest) // (2 * largest)).astype(np.uint8)
    if samples.dtype == np.uint8:
        rows: U8 = np.ascontiguousarray(samples, np.uint8)
        table: U8 = np.resize(levels, 256)
        return np.asarray(cv2.LUT(rows.reshape(len(rows), -1), table), np.uint8).reshape(samples.shape)
    return np.take(levels, samples)


def look_up(indices: Samples, table: U8) -> U8:
    """Return the colours uint8 (H, W, 3) of indices (H, W) in a table uint8 (n, 3); n may be less than 256."""
    if indices.dtype != np.uint8:
        return np.take(table, indices, axis=0)
    whole = np.zeros((1, 256, 3), np.uint8)
    whole[0, : len(table)] = table[:256]
    return np.asarray(cv2.LUT(cv2.merge([np.ascontiguousarray(indices, np.uint8)] * 3), whole), np.uint8)


def pick(samples: Samples, channels: tuple[int, ...]) -> Samples:
    """Return some channels of samples (H, W, C) in this order, contiguous (H, W, n); all of them pass as they are."""
    if channels == tuple(range(samples.shape[2])):
        return samples
    picked = np.asarray(cv2.merge([cv2.extractChannel(np.ascontiguousarray(samples), place) for place in channels]))
    return same_kind(picked.reshape(*samples.shape[:2], len(channels)), samples)


def same_kind(numbers: NDArray[np.generic], samples: Samples) -> Samples:
    """Return numbers as uint8 or uint16, whichever `samples` are."""
    return numbers.astype(np.uint8, copy=False) if samples.dtype == np.uint8 else numbers.astype(np.uint16, copy=False)
