"""Brings a network's small colours to the full size of the line art, along its areas and lines.

Areas are trapped-ball regions of the drawing. The colour of area r at pixel p is

    c(p) = m_r + s |s|^2 / (|s|^2 + noise^2),
    s(p) = sum_q G(p - q) w_q (n_q - m_r) / (sum_q G(p - q) w_q + epsilon),    q in r

n: what the network painted, m_r: the median of n over the area, w: 1 where a pixel of the network lies on clean paper
and 0 where a line runs through it, G: a Gaussian. So the shading inside an area stays, smooth, while the noise of the
network (faded as by a Wiener filter) and the ink that it painted into its pixels go, and no colour crosses a line.
Small areas have their median alone. Areas of like colour that meet in a gap of the lines are one, without a seam.
Paper outside the figure that came out nearly white is white. Colours meet under the middle of the ink.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Index, Labels, Mask
from pipelines.core.imaging.framing import resized
from pipelines.flatting.areas import AreaMap
from pipelines.flatting.background import AskedAreas
from pipelines.inference.types import ColorResult
from pipelines.segmentation.label_maps import label_boxes, map_labels, resize_labels

_CLEAN = (0.92, 0.7, 0.0)  # share of paper in a pixel of the network: the cleanest pixels that an area has count
_LEAST_SHARE = 0.3  # of paper that a pixel must have for its ink to be told from its colour
_ENOUGH = 4  # pixels that a median is taken of
_SAMPLED = 256  # px of the longer side that medians are taken from
_LEAST_AREA = 24  # px of the network: smaller areas have no shading
_EPSILON = 0.05  # of a whole neighbourhood of clean pixels: with less, shading fades into the median
_HALF = 0.5  # level: what is less rounds to nothing
_ALIKE = 56  # levels: areas that meet over paper and differ less in every channel are one
_WHITE = 238  # level: paper outside that is no darker in any channel is white


class Smoothing(NamedTuple):
    """How a network's shading is freed of noise."""

    sigma: float  # px of the network: how far it is smoothed
    noise: float  # levels: what is weaker fades
    order: int = 1  # how suddenly: s p^order / (p^order + noise^(2 order)); 1 is a Wiener filter

    @property
    def margin(self) -> int:
        """Px of the network around an area that count when it is smoothed."""
        return round(3 * self.sigma)

    @property
    def unseen(self) -> float:
        """Levels of three channels together: shading of colours no further off than this rounds to nothing."""
        off = np.arange(0, 256, 0.25)  # what is left grows with it
        power = off ** (2 * self.order)
        left = off * power / (power + self.noise ** (2 * self.order))
        return float(off[left < _HALF][-1])


SMOOTHING = Smoothing(sigma=3.0, noise=48.0)
"""For networks that paint whole pictures."""


class NetworkColours(NamedTuple):
    """What a network painted, at its scale."""

    picture: F32  # RGB (h, w, 3), 0..255
    clean: F32  # (h, w), the share of paper in each of its pixels


class AreaShading(NamedTuple):
    """What the areas of a drawing are shaded around; index 0 is nothing."""

    painted: F32  # (n + 1, 3), the colour that the network has of each: shading is how far it is off from it
    colours: U8  # (n + 1, 3), the colour that each has
    is_shaded: Mask  # (n + 1,)


def upsample(
    picture: F32,
    lines: U8,
    areas: AreaMap,
    *,
    palette: U8 | None = None,
    asked: AskedAreas | None = None,
) -> ColorResult:
    """Bring colours, float32 RGB (h, w, 3), 0..255, to the size of a line drawing, uint8 (H, W), with its areas.

    palette: uint8 (k, 3); areas then take its nearest colours, with the shading that the network gave them. asked: what
    hints say of the ground and of areas left white, which goes whatever the network painted there; where they colour
    the figure alone, the paper outside stays white.
    """
    clean = np.asarray(resized(lines, (picture.shape[1], picture.shape[0])) / np.float32(255), np.float32)
    medians = area_medians(_without_ink(picture, clean), clean, areas.labels, len(areas.outside))
    areas, medians = _merge_like_areas(areas, medians, asked)
    colours = np.rint(medians).astype(np.uint8)
    if palette is not None and len(palette):
        colours = _nearest_colours(colours, palette)
    colours[areas.outside & (medians.min(axis=1) >= _WHITE)] = 255
    is_paper, is_ground = np.zeros_like(areas.outside), areas.outside
    if asked is not None:
        colours[asked.filled] = asked.colours[asked.filled]
        is_paper = asked.ground | asked.empty
        if asked.coloured.any():
            is_paper |= areas.outside & ~asked.coloured
        is_ground = is_ground | asked.ground
    colours[is_paper] = 255
    flats = map_labels(colours, areas.labels)
    colour = flats.copy()
    add_shading(colour, NetworkColours(picture, clean), areas.labels, AreaShading(medians, colours, ~is_paper))
    background = map_labels(is_ground, areas.labels) & is_nearly_white(colour)
    colour[background] = 255
    return ColorResult(colour, flats, background, areas.labels)


def is_nearly_white(colour: U8) -> Mask:
    """Tell which pixels, bool (H, W), of an RGB picture, uint8 (H, W, 3), count as white paper."""
    return np.asarray(cv2.inRange(colour, np.full(3, _WHITE), np.full(3, 255)) > 0)


def _nearest_colours(colours: U8, palette: U8) -> U8:
    """Return for each colour, (n, 3), the nearest of a palette in CIELAB; what is nearly white becomes white."""
    offered = np.vstack([palette, np.full((1, 3), 255, np.uint8)])
    nearly_white = colours.min(axis=1) >= _WHITE
    apart = np.linalg.norm(_lab(colours)[:, None] - _lab(palette)[None], axis=2)
    chosen = np.where(nearly_white, len(palette), apart.argmin(axis=1))
    return np.asarray(offered[chosen], np.uint8)


def _lab(colours: U8) -> F32:
    return np.asarray(cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0], np.float32)


def _merge_like_areas(areas: AreaMap, medians: F32, asked: AskedAreas | None) -> tuple[AreaMap, F32]:
    """Merge areas of like colours, (n + 1, 3), that no line divides, so that there is no seam between them.

    Their colour is the mean by size. Paper outside the figure is merged with nothing else, nor is what hints say of.
    """
    roots = np.arange(len(medians))
    apart = np.zeros(len(medians), bool) if asked is None else asked.ground | asked.empty | asked.filled
    for first, second in areas.open.tolist():
        is_alike = float(np.abs(medians[first] - medians[second]).max()) <= _ALIKE
        if is_alike and areas.outside[first] == areas.outside[second] and not (apart[first] or apart[second]):
            roots[roots == roots[second]] = roots[first]
    if (roots == np.arange(len(roots))).all():
        return areas, medians
    sizes = np.maximum(areas.size, 1)
    merged_sizes = np.bincount(roots, sizes, len(roots))
    sums = [np.bincount(roots, sizes * medians[:, channel], len(roots)) for channel in range(3)]
    means = np.asarray(np.stack(sums, axis=1) / np.maximum(merged_sizes, 1)[:, None], np.float32)
    return areas._replace(labels=map_labels(roots.astype(np.int32), areas.labels)), means


def area_medians(levels: U8, clean: F32, labels: Labels, count: int) -> F32:
    """Return each area's median colour, float32 (count, 3), over the cleanest pixels of the network that it has.

    levels: what the network painted, (h, w, 3), 0..255. clean: share of paper in its pixels, (h, w). labels: (H, W).
    """
    step = -(-max(labels.shape) // _SAMPLED)
    sampled = labels[step // 2 :: step, step // 2 :: step]
    rows = (np.arange(sampled.shape[0]) * step + step // 2) * levels.shape[0] // labels.shape[0]
    columns = (np.arange(sampled.shape[1]) * step + step // 2) * levels.shape[1] // labels.shape[1]
    cells = (rows[:, None] * levels.shape[1] + columns).reshape(-1)
    medians = np.full((count, 3), 255, np.float32)
    _fill_medians(medians, sampled.reshape(-1), cells, levels, clean)
    missed = np.bincount(sampled.reshape(-1), minlength=count) == 0
    if missed[1:].any():  # areas between the samples
        missed[0] = False
        row, column = np.nonzero(map_labels(missed, labels))
        cells = row * levels.shape[0] // labels.shape[0] * levels.shape[1]
        cells += column * levels.shape[1] // labels.shape[1]
        _fill_medians(medians, labels[row, column], cells, levels, clean)
    return medians


def _fill_medians(medians: F32, label: Labels, cells: Index, levels: U8, clean: F32) -> None:
    """Fill in the medians of the areas `label`, (n,), at the network's pixels `cells`, (n,), flat indices."""
    planes = np.ascontiguousarray(levels.reshape(-1, 3).T)
    share = clean.reshape(-1)[cells]
    for least in _CLEAN:
        is_used = (share >= least) & (label > 0)
        counts = np.bincount(label[is_used], minlength=len(medians))
        is_enough = counts >= (_ENOUGH if least > 0 else 1)
        used = np.flatnonzero(is_used & is_enough[label])
        row = ((np.cumsum(is_enough) - 1) * 256)[label[used]]
        chosen = cells[used]
        for channel in range(3) if len(used) else ():
            table = np.bincount(row + planes[channel].take(chosen), minlength=256 * int(is_enough.sum()))
            below = table.reshape(-1, 256).cumsum(axis=1)
            medians[is_enough, channel] = (2 * below >= counts[is_enough][:, None]).argmax(axis=1)
        left = np.flatnonzero(~is_enough[label])
        label, cells, share = label[left], cells[left], share[left]
        if not label.any():
            break


def _without_ink(picture: F32, clean: F32) -> U8:
    """Return the network's levels, (h, w, 3), brighter where a pixel is partly ink: black lines on a colour."""
    share = np.where(clean >= _CLEAN[0], 1, np.maximum(clean, _LEAST_SHARE))
    return np.asarray(np.rint(np.minimum(picture / share[..., None], 255)).astype(np.uint8))


def add_shading(
    colour: U8, network: NetworkColours, labels: Labels, areas: AreaShading, smoothing: Smoothing = SMOOTHING
) -> None:
    """Add a network's shading to the areas that are large enough to have some, in place.

    colour: RGB (H, W, 3), flat: what `areas.colours` says. labels: areas 1..n, (H, W).
    """
    picture, clean = network
    small = resize_labels(labels, picture.shape[:2])
    weight = (clean >= _CLEAN[0]).astype(np.float32)
    sizes = np.bincount(small.reshape(-1), weight.reshape(-1), len(areas.painted))
    off = (picture - areas.painted.take(small, axis=0)) * weight[..., None]
    is_seen = np.bincount(small[np.einsum("ijk,ijk->ij", off, off) > smoothing.unseen**2], minlength=len(sizes)) > 0
    shaded_areas = np.flatnonzero((sizes >= _LEAST_AREA) & areas.is_shaded & is_seen)
    boxes = label_boxes(labels, len(areas.painted))
    margin = smoothing.margin
    for area in shaded_areas.tolist():
        box = boxes.window(area)
        near = tuple(
            slice(max(int(side.start * few / many) - margin, 0), int(side.stop * few / many) + 1 + margin)
            for side, few, many in zip(box, small.shape, labels.shape, strict=True)
        )
        own = weight[near] * (small[near] == area)
        shading = _shading(off[near] * own[..., None], own, smoothing)
        shaded = _window(shading, near, (small.shape, labels.shape), box)
        shaded += areas.colours[area]
        levels = cv2.convertScaleAbs(np.maximum(shaded, 0))  # rounds, and cuts at 255
        inside = (labels[box] == area).view(np.uint8)
        cv2.copyTo(levels, inside, colour[box])


def _shading(off: F32, weight: F32, smoothing: Smoothing) -> F32:
    """Return smooth shading, (h, w, 3), of how far colours are off their median, (h, w, 3), 0 where weight, (h, w), is.

    What is weaker than the network's noise fades: s p / (p + noise^2) with p = |s|^2, as in a Wiener filter.
    """
    reach = 2 * smoothing.margin + 1
    sums = cv2.GaussianBlur(off, (reach, reach), smoothing.sigma)
    whole = cv2.GaussianBlur(weight, (reach, reach), smoothing.sigma) + np.float32(_EPSILON)
    power = (np.einsum("ijk,ijk->ij", sums, sums) / np.square(whole)) ** smoothing.order
    gain = power / ((power + np.float32(smoothing.noise ** (2 * smoothing.order))) * whole)
    return np.asarray(sums * gain[..., None], np.float32)


def _window(part: F32, near: tuple[slice, ...], shapes: tuple[tuple[int, ...], ...], box: tuple[slice, slice]) -> F32:
    """Return a window `box` of a picture of shapes[0] enlarged to shapes[1], of which only the part `near` is given."""
    down, across = (few / many for few, many in zip(*shapes, strict=True))
    rows, columns = box
    place = np.array(
        [
            [across, 0, (columns.start + 0.5) * across - 0.5 - near[1].start],
            [0, down, (rows.start + 0.5) * down - 0.5 - near[0].start],
        ]
    )
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, place, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
