"""The areas of a line drawing at full size, as `flatting.reading` finds them."""

from typing import NamedTuple

from pipelines.core.imaging.arrays import F64, Index, Labels, Mask


class AreaMap(NamedTuple):
    """A line drawing's areas at full size."""

    labels: Labels  # (H, W), 1..n, under the ink too
    outside: Mask  # (n + 1,), which may be paper outside the figure
    size: F64  # (n + 1,), px of paper at the scale at which they were found
    open: Index  # (pairs, 2), areas that meet over paper, where lines have a gap
