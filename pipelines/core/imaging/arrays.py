"""The kinds of array that the toolkit works with, each under one name."""

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
"""Pictures (H, W, 3), layers (H, W, 4), drawings and alpha (H, W): levels 0..255."""

Samples = U8 | NDArray[np.uint16]
"""What files of pictures hold: 8 or 16 bits a sample."""

F32 = NDArray[np.float32]
"""What networks read and give, and distances in px."""

F64 = NDArray[np.float64]
"""Figures, colours in CIELAB, sums."""

Labels = NDArray[np.int32]
"""Label maps (H, W): 0 = ink or nothing, 1..n = region."""

Mask = NDArray[np.bool_]
"""Yes or no for each pixel, or for each of a list of things."""

Index = NDArray[np.intp]
"""Places in an array, counts, labels of a list of things."""
