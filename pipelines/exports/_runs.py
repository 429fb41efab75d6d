"""Finds runs of equal values in the rows of an array."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Runs(NamedTuple):
    """Runs in scan order; none goes on from one row into the next."""

    start: NDArray[np.intp]  # (n,), index into the flattened array
    length: NDArray[np.intp]  # (n,)


def runs_of(plane: NDArray[Any]) -> Runs:
    """Find the runs of an array (H, W) of at least one element."""
    begins = np.ones(plane.shape, bool)
    begins[:, 1:] = plane[:, 1:] != plane[:, :-1]
    start = np.flatnonzero(begins)
    return Runs(start, np.diff(start, append=plane.size))
