"""Cleans a hint map as it was painted: what a brush or a change of scale scattered becomes the colours that were meant.

A brush with grain scatters its colour by a few levels, a soft edge or a change of scale mixes it with what lies beside.
Spots that touch make a group. Its colours are gathered into clusters, commonest first, of what differs by up to
`GRAIN` levels. A cluster that is somewhere 3 px thick, or runs clear of those, is a colour that was meant; all other
pixels take the nearest of these. A colour painted plainly keeps its RGB, and a group of plain colours alone is left as
it is, as are groups of many soft colours, which are pictures and not dabs.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Index, Labels, Mask
from pipelines.core.imaging.colours import pack_rgb, unpack_rgb
from pipelines.flatting.hint_alpha import counted_pixels
from pipelines.segmentation.watershed import TOP, watershed

GRAIN = 16
"""Levels in each channel: a brush's grain, and what 8 bits make of a faint colour."""
_LOSSY_GRAIN = 28  # levels of chroma, and half as many of luma
_LUMA_AND_CHROMA = np.array([[0.598, 1.174, 0.228], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]])  # JFIF, luma twice
_AGREED = 0.75  # of the grain: dabs whose colours are no further apart are of one brush
_PLAIN = 0.1  # of a group's pixels are inside of a colour of their own: it was painted plainly
_COMMON = 0.35  # of a cluster's pixels: its commonest colour stands for it, else the one nearest to its median
_MOST_CLUSTERS = 12  # of a group that is made of dabs; one with more is a picture
_MOST_COLOURS = 48  # of a group that may be left as it is
_MOST_SCATTERED = 1 << 14  # colours of a group; one with more is a picture
_LEAST_CORE = 0.5  # of a group's pixels belong to colours that were meant
_LARGEST_DAB = 0.01  # of the picture
_STEADY = 20  # levels within 3 px, of colours averaged over 3 x 3: those of a soft edge change faster
_LEAST_STILL = 0.05  # of a cluster's pixels are steady
_REACH = 2  # px: the rim of a spot that a change of scale mixes
_LEAST_THIN = 4  # px of a thin stroke
_MOST_AGREED = 2048  # colours of a picture that are compared
_PIXEL_ART, _FEW_COLOURS = 512, 16  # px of the longer side, and colours, of a map whose single pixels are meant
_FEW_PIXELS = 500000  # of hints that are looked at one by one
_DOT = 9  # px of its dots, at most
_MOST_GROUPS = 1024  # cleaned in one picture, the largest

_SQUARE = np.ones((3, 3), np.uint8)


class _Brush(NamedTuple):
    """What hints were painted with."""

    rim: int  # px
    is_lossy: bool
    most_of_dab: float  # px: a group of mixed colours alone that is no larger is a dab of one colour

    @property
    def grain(self) -> int:
        """Levels in each channel of `places` that a colour is scattered by."""
        return _LOSSY_GRAIN if self.is_lossy else GRAIN

    def places(self, colours: U8) -> Index:
        """Return where colours, (n, 3), lie when they are compared: RGB, or twice the luma, and chroma, of JPEG."""
        if not self.is_lossy:
            return colours.astype(np.int32)
        return np.asarray(np.rint(colours @ _LUMA_AND_CHROMA.T), np.int32)


def clean_hints(hints: U8, *, rim: int = 0, is_lossy: bool = False) -> U8:
    """Return hints, uint8 RGBA (H, W, 4), as they were meant: alpha 0 or 255, one exact colour a dab.

    rim: px from the border of a group within which colours are mixed with what was below. is_lossy: whether they were
    saved as JPEG, which blurs chroma.
    """
    if not is_lossy and not rim and _is_pixel_art(hints):
        return hints.copy()
    counted = counted_pixels(hints)
    brush = _Brush(rim, is_lossy, _LARGEST_DAB * counted.size)
    cleaned = hints.copy()
    cleaned[..., 3] = counted.view(np.uint8) * np.uint8(255)
    changed = np.zeros_like(counted)
    for window, group in _groups(cleaned, counted):
        part = cleaned[window]
        tidied = _tidied(part[..., :3], group, brush)
        if tidied is not None:
            meant, mask = tidied
            part[mask] = np.dstack([meant, np.full(mask.shape, 255, np.uint8)])[mask]
            changed[window] |= mask
    _agree(cleaned, changed, brush)
    return cleaned


def _is_pixel_art(hints: U8) -> bool:
    """Tell whether a small map has hard dots of few colours, none like another: no brush scattered them."""
    if max(hints.shape[:2]) > _PIXEL_ART:
        return False
    alpha = cv2.extractChannel(hints, 3)
    dab = np.ones((4, 4), np.uint8)  # more than a dot
    if cv2.countNonZero(cv2.inRange(alpha, 1, 254)) or cv2.countNonZero(cv2.erode(alpha, dab, borderValue=0)):
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(alpha, connectivity=8, ltype=cv2.CV_32S)
    if stats[1:, cv2.CC_STAT_AREA].max(initial=0) > _DOT:
        return False
    colours = np.unique(hints[hints[..., 3] > 0][:, :3], axis=0).astype(np.int32)
    if not 1 < len(colours) <= _FEW_COLOURS:
        return False
    apart = np.abs(colours[:, None] - colours[None]).max(axis=2) + 256 * np.eye(len(colours), dtype=np.int32)
    return bool(apart.min() > GRAIN)


def _agree(hints: U8, changed: Mask, brush: _Brush) -> None:
    """Give changed pixels of hints, RGBA (H, W, 4), in place, one colour where dabs differ by few levels.

    It is the commonest, and one that was painted plainly before others.
    """
    if not changed.any():
        return
    packed = pack_rgb(hints[hints[..., 3] > 0])
    values, counts = np.unique(packed, return_counts=True)
    mended, which = np.unique(pack_rgb(hints[changed]), return_inverse=True)
    if len(values) > _MOST_AGREED:
        return
    is_mended = np.isin(values, mended)
    order = np.lexsort((-counts, is_mended))
    colours = unpack_rgb(values[order])
    apart = brush.places(unpack_rgb(mended))[:, None] - brush.places(colours)[None]
    near = np.abs(apart).max(axis=2) <= brush.grain * _AGREED
    hints[changed, :3] = colours[near.argmax(axis=1)][which]


def _groups(hints: U8, counted: Mask) -> list[tuple[tuple[slice, slice], Mask]]:
    """Return window and pixels of each group of spots, up to 2 px apart, that has several colours; largest first."""
    if not counted.any():
        return []
    pixels = np.flatnonzero(counted)
    packed = pack_rgb(hints.reshape(-1, 4)[pixels])
    if len(pixels) <= _FEW_PIXELS and not _meet(pixels, packed, counted.shape):
        return []
    joined = cv2.dilate(counted.view(np.uint8), _SQUARE)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_32S)
    label = labels.reshape(-1)[pixels].astype(np.intp)
    lowest, highest = np.full(count, 1 << 24), np.full(count, -1)
    np.minimum.at(lowest, label, packed)
    np.maximum.at(highest, label, packed)
    several = np.flatnonzero(lowest < highest)
    several = several[np.argsort(-stats[several, cv2.CC_STAT_AREA], kind="stable")][:_MOST_GROUPS]
    groups = []
    for number in several.tolist():
        left, top, width, height, _ = stats[number].tolist()
        window = slice(top, top + height), slice(left, left + width)
        groups.append((window, (labels[window] == number) & counted[window]))
    return groups


def _meet(pixels: Index, packed: Labels, shape: tuple[int, ...]) -> bool:
    """Tell whether any two of these pixels, flat indices, (n,), that differ in colour are at most 2 px apart."""
    height, width = shape
    rows, columns = np.divmod(pixels, width)
    places = (rows + 2) * (width + 4) + columns + 2
    padded = np.full((height + 4) * (width + 4), -1, np.int32)
    padded[places] = packed
    ahead = [down * (width + 4) + right for down in range(3) for right in range(-2, 3) if (down, right) > (0, 0)]
    for step in ahead:
        beside = padded[places + step]
        if ((beside >= 0) & (beside != packed)).any():
            return True
    return False


class _Palette(NamedTuple):
    """The colours of a group, commonest first."""

    colours: U8  # (k, 3)
    places: Index  # (k, 3), the same, as they are compared
    counts: Index  # (k,)
    index_map: Labels  # (h, w), index of `colours`, -1 where there is no hint
    inside: Index  # (k,): pixels all of whose neighbours have the same colour

    @property
    def is_plain(self) -> Mask:
        """Which colours were painted plainly, (k,)."""
        return np.asarray(self.inside >= max(_PLAIN * self.counts.sum(), 1))


def _tidied(rgb: U8, group: Mask, brush: _Brush) -> tuple[U8, Mask] | None:
    """Return a group's colours as they were meant, RGB (h, w, 3), and where; None where they are plain or a picture."""
    palette = _palette(rgb, group, brush)
    if len(palette.counts) > _MOST_SCATTERED or _is_clean(palette, brush.grain):
        return None
    depth = np.asarray(cv2.distanceTransform(np.pad(group.view(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)
    cores = _cores_of(rgb, group, palette, depth, brush)
    if cores is None:
        if np.count_nonzero(group) > brush.most_of_dab:
            return None
        cores = group.astype(np.int32)
    filled = cv2.morphologyEx(np.pad(group.view(np.uint8), 2), cv2.MORPH_CLOSE, _SQUARE)[2:-2, 2:-2] > 0
    table = _chosen_colours(palette, cores - 1, depth)
    elevation = np.where(filled, np.uint8(1), np.uint8(TOP))
    return table[watershed(cores, elevation) - 1], filled


def _cores_of(rgb: U8, group: Mask, palette: _Palette, depth: F32, brush: _Brush) -> Labels | None:
    """Return where colours of a group were meant, int32 (h, w), 1.., 0 elsewhere; None if they are not most of it."""
    clusters = _clusters(palette, brush.grain)
    if clusters is None:
        return None
    cluster_map = np.where(group, clusters[palette.index_map], np.int32(-1))
    steady = _steady(rgb, group)
    inner = steady & (depth > brush.rim)
    cores = _cores(cluster_map, group, inner if inner.any() else steady)
    deep = group & (depth > min(brush.rim, float(depth.max()) - 1))
    meant = np.isin(cluster_map[deep], np.unique(cores)[1:] - 1)
    return cores if meant.sum() >= _LEAST_CORE * np.count_nonzero(deep) else None


def _palette(rgb: U8, group: Mask, brush: _Brush) -> _Palette:
    values, inverse, counts = np.unique(pack_rgb(rgb[group]), return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order))
    index = np.full(group.shape, -1, np.int32)
    index[group] = place[inverse]
    colours = unpack_rgb(values[order])
    return _Palette(colours, brush.places(colours), counts[order], index, _inside(index, group, len(order)))


def _inside(labels: Labels, group: Mask, count: int) -> Index:
    """Count each label's pixels, (count,), that have five hinted neighbours at least, none of another label."""
    return np.bincount(labels[_interior(labels, group)] + 1, minlength=count + 1)[1:]


def _interior(labels: Labels, group: Mask) -> Mask:
    """Tell which pixels of a group have five of it around them, themselves counted, all of one label."""
    framed = np.pad(labels.astype(np.float32), 1)
    lowest = cv2.erode(np.where(np.pad(group, 1), framed, np.float32(1 << 24)), _SQUARE)[1:-1, 1:-1]
    highest = cv2.dilate(np.where(np.pad(group, 1), framed, np.float32(-1)), _SQUARE)[1:-1, 1:-1]
    around = cv2.boxFilter(np.pad(group.view(np.uint8), 1), cv2.CV_32S, (3, 3), normalize=False)[1:-1, 1:-1]
    return np.asarray(group & (lowest == highest) & (around >= 5))


def _is_clean(palette: _Palette, grain: int) -> bool:
    """Tell whether colours are plain: none is like another, unless both are painted plainly, none mixed, no dust."""
    if len(palette.counts) > _MOST_COLOURS or _has_dust(palette.index_map):
        return False
    colours, plain = palette.places, palette.is_plain
    apart = np.abs(colours[:, None] - colours[None]).max(axis=2)
    doubtful = (apart <= grain) & ~(plain[:, None] & plain[None]) & ~np.eye(len(colours), dtype=bool)
    return not doubtful.any() and not _has_mixtures(palette, grain)


def _has_dust(index: Labels) -> bool:
    """Tell whether a pixel has no neighbour of its colour."""
    framed = np.pad(index, 1, constant_values=-1)
    height, width = index.shape
    has_like = index < 0
    for row, column in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)):
        has_like |= framed[row : row + height, column : column + width] == index
    return not has_like.all()


def _has_mixtures(palette: _Palette, grain: int) -> bool:
    """Tell whether a thin colour lies between two others, as where spots were scaled together."""
    thick = palette.places[palette.inside > 0].astype(np.float64)
    for colour in palette.places[palette.inside == 0].astype(np.float64):
        for number, first in enumerate(thick):
            way = thick[number + 1 :] - first
            share = ((colour - first) * way).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1)
            off = np.abs(first + share[:, None] * way - colour).max(axis=1, initial=0)
            if ((off <= grain) & (share > 0) & (share < 1)).any():
                return True
    return False


def _clusters(palette: _Palette, grain: int) -> Labels | None:
    """Return the cluster, 0.., of each colour, (k,), -1 for the rest of rare ones; None where it is a picture."""
    colours = palette.places
    cluster = np.full(len(colours), -1, np.int32)
    free, total, number = palette.counts.astype(np.int64), int(palette.counts.sum()), 0
    for plain in np.flatnonzero(palette.is_plain).tolist():
        cluster[plain], free[plain] = number, 0
        number += 1
    plain_colours = colours[palette.is_plain]
    if number:
        apart = np.abs(colours[:, None] - plain_colours[None]).max(axis=2)
        near = (apart.min(axis=1) <= grain) & (free > 0)
        cluster[near], free[near] = apart.argmin(axis=1)[near], 0
    while free.sum() > 0.02 * total and number < 4 * _MOST_CLUSTERS:
        members = _members(colours, free, grain)
        cluster[members], free[members] = number, 0
        number += 1
    is_picture = (
        number > _MOST_CLUSTERS
        and np.bincount(cluster[cluster >= 0], palette.counts[cluster >= 0])[_MOST_CLUSTERS:].sum()
        > (1 - _LEAST_CORE) * total
    )
    return None if is_picture else cluster


def _members(colours: Index, free: Index, grain: int) -> Mask:
    """Tell which free colours, (k,), lie around the commonest: around the median of those around it, too."""
    seed = colours[int(free.argmax())]
    near = (free > 0) & (np.abs(colours - seed).max(axis=1) <= grain)
    middle = _median(colours[near], free[near])
    around = (free > 0) & (np.abs(colours - middle).max(axis=1) <= grain)
    return np.asarray(near | around)


def _median(colours: Index, weights: Index | F32) -> Index:
    """Return the weighted median of colours, (n, 3), in each channel, (3,)."""
    medians = []
    for channel in range(3):
        order = np.argsort(colours[:, channel], kind="stable")
        below = np.cumsum(weights[order], dtype=np.float64)
        medians.append(colours[order[int(np.searchsorted(below, below[-1] / 2))], channel])
    return np.array(medians, np.int32)


def _steady(rgb: U8, group: Mask) -> Mask:
    """Tell where a group's colours, freed of grain, do not change: not on soft edges, nor where two spots meet."""
    weight = np.pad(group.astype(np.float32), 2)
    colours = np.pad(rgb.astype(np.float32), ((2, 2), (2, 2), (0, 0))) * weight[..., None]
    mean = cv2.boxFilter(colours, -1, (3, 3)) / np.maximum(cv2.boxFilter(weight, -1, (3, 3)), 1e-6)[..., None]
    known = weight[..., None] > 0
    highest = cv2.dilate(np.where(known, mean, np.float32(-1e3)), _SQUARE)
    lowest = cv2.erode(np.where(known, mean, np.float32(1e3)), _SQUARE)
    return np.asarray(group & ((highest - lowest).max(axis=2) <= _STEADY)[2:-2, 2:-2])


def _cores(cluster_map: Labels, group: Mask, steady: Mask) -> Labels:
    """Return the steady pixels, 1.. by cluster, of clusters that were meant: thick, or clear of those that are."""
    count = int(cluster_map.max(initial=-1)) + 1
    sizes = np.bincount(cluster_map[cluster_map >= 0], minlength=count)
    still = np.bincount(cluster_map[(cluster_map >= 0) & steady], minlength=count)
    is_core = np.append(
        (_inside(cluster_map, group, count) > 0) & (still >= np.maximum(_LEAST_STILL * sizes, 1)), False
    )
    beside = cv2.dilate(is_core[cluster_map].view(np.uint8), np.ones((2 * _REACH + 1,) * 2, np.uint8)) > 0
    clear = np.bincount(cluster_map[(cluster_map >= 0) & steady & ~beside], minlength=count)
    is_core[:-1] |= (2 * clear > sizes) & (sizes >= _LEAST_THIN)
    return np.where(is_core[cluster_map] & steady, cluster_map + 1, 0).astype(np.int32)


def _chosen_colours(palette: _Palette, cluster_map: Labels, depth: F32) -> U8:
    """Return the colour that each cluster was meant to have, one of those painted, uint8 (n, 3)."""
    count = int(cluster_map.max()) + 1
    table = np.zeros((count, 3), np.uint8)
    for number in np.unique(cluster_map[cluster_map >= 0]).tolist():
        mask = cluster_map == number
        colour, weights = np.unique(palette.index_map[mask], return_counts=True)
        if weights.max() >= _COMMON * weights.sum():
            table[number] = palette.colours[colour[int(weights.argmax())]]
            continue
        by_depth = np.bincount(palette.index_map[mask], depth[mask], len(palette.counts))[colour]
        middle = _median(palette.colours[colour].astype(np.int32), by_depth.astype(np.float32))
        off = np.abs(palette.colours[colour].astype(np.int32) - middle).sum(axis=1)
        table[number] = palette.colours[colour[int(off.argmin())]]
    return table
