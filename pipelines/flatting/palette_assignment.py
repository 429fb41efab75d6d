"""Shares the colours of a palette out among regions when no hint says which region has which.

Regions that look like twins (eyes, ears, horns: alike in size, at one height) are one class. The classes choose in the
order of their area. Each takes the colour that is most in arrears, with what is due to a colour falling along the
palette, unless a neighbour has it. Small round areas with a spot of ink inside are eyes and stay white.
"""

import colorsys

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Index, Labels, Mask
from pipelines.segmentation.line_mask import LineMask
from pipelines.segmentation.properties import RegionProperties, dissimilarity

_TWINS = 0.6  # the greatest dissimilarity of twins
_LEVEL = 0.05  # of the figure's height: twins are at one height
_MOST_COMPARED = 400  # the largest regions, among which twins are looked for
_FADING = 0.6  # what is due to each further colour of a palette, as a share of the one before
_CHANCE = 0.2  # by how much chance bends the logarithm of what is due, either way
_EYE = 0.05  # of the figure's area: eyes are smaller
_ROUND = 0.6  # of the area of its box: an eye fills more, pupil included
_PUPIL = 0.04  # of the area around it: a pupil is larger


def assign_palette(properties: RegionProperties, white: Mask, palette: U8, rng: np.random.Generator) -> Index:
    """Return each region's colour, (n + 1,): 0 for white regions, bool (n + 1,), 1..k for the palette, uint8 (k, 3)."""
    chosen = np.zeros(properties.labels, np.intp)
    classes = _classes(properties, np.flatnonzero(~white & (properties.area > 0)))
    due = _FADING ** np.arange(len(palette)) * np.exp(rng.uniform(-_CHANCE, _CHANCE, len(palette)))
    share = np.zeros(len(palette))
    ends, neighbours, lengths = _by_region(properties)
    for members in classes:
        borders = np.concatenate([np.arange(*ends[member : member + 2]) for member in members])
        conflict = np.bincount(chosen[neighbours[borders]], lengths[borders], len(palette) + 1)[1:]
        area = properties.area[members].sum()
        colour = np.lexsort((-due / (share + area), conflict if conflict.all() else conflict > 0))[0]
        chosen[members] = colour + 1
        share[colour] += area
    return chosen


def _classes(properties: RegionProperties, regions: Index) -> list[Index]:
    """Group regions, (u,), into twins, largest class first."""
    if not len(regions):
        return []
    order = regions[np.argsort(-properties.area[regions], kind="stable")]
    large = order[:_MOST_COMPARED]
    height = max(int(properties.bottom[regions].max(initial=0) - properties.top[regions].min(initial=0)), 1)
    twins = dissimilarity(properties, large[:, None], large[None, :]) < _TWINS
    twins &= np.abs(properties.y[large][:, None] - properties.y[large]) < _LEVEL * height
    largest = twins.argmax(axis=1)  # of its twins
    largest = largest[largest]
    groups = [large[largest == index] for index in np.unique(largest)]
    groups += [order[index : index + 1] for index in range(len(large), len(order))]
    return sorted(groups, key=lambda group: (-float(properties.area[group].sum()), int(group[0])))


def _by_region(properties: RegionProperties) -> tuple[Index, Index, F64]:
    """Return the borders ordered by region: where each region's begin, (n + 2,), the neighbours, and the lengths."""
    borders = properties.borders
    region, neighbour = np.concatenate([borders.first, borders.second]), np.concatenate([borders.second, borders.first])
    order = np.argsort(region, kind="stable")
    ends = np.searchsorted(region[order], np.arange(properties.labels + 1))
    return ends, neighbour[order], np.tile(borders.length, 2)[order]


def find_eyes(regions: Labels, line_mask: LineMask, properties: RegionProperties, outside: Mask) -> Mask:
    """Tell which regions, (n + 1,), are small, round and hold a spot of ink that touches nothing else."""
    _, spots, stats, _ = cv2.connectedComponentsWithStats(1 - line_mask.paper, connectivity=8, ltype=cv2.CV_32S)
    ink = np.flatnonzero(spots)
    pairs = np.unique(spots.reshape(-1)[ink].astype(np.int64) * properties.labels + regions.reshape(-1)[ink])
    spot, region = pairs // properties.labels, pairs % properties.labels
    alone = np.bincount(spot, minlength=len(stats))[spot] == 1
    island = np.bincount(region[alone], stats[spot[alone], cv2.CC_STAT_AREA], properties.labels)
    box = np.maximum((properties.right - properties.left + 1) * (properties.bottom - properties.top + 1), 1)
    small = (properties.area > 0) & (properties.area < _EYE * properties.area[~outside].sum())
    is_round = (island > _PUPIL * properties.area) & (properties.area + island > _ROUND * box)
    return np.asarray(small & ~outside & is_round)


def draw_palette(rng: np.random.Generator) -> U8:
    """Return six colours that go together, uint8 (6, 3): a main one, two of near hue, its opposite and two more."""
    hue, turn = rng.uniform(), rng.choice([-1.0, 1.0])
    recipe = [
        (0.0, 0.5, 0.92),
        (0.09, 0.38, 0.97),
        (0.5, 0.5, 0.95),
        (0.17, 0.6, 0.8),
        (0.04, 0.16, 0.98),
        (0.58, 0.3, 0.7),
    ]
    colours = [colorsys.hsv_to_rgb((hue + turn * step) % 1.0, saturation, value) for step, saturation, value in recipe]
    return np.asarray(np.rint(np.array(colours) * 255), np.uint8)
