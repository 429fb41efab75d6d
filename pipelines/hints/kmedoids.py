"""Places a few discs in the picture's main colours by two-stage k-medoids: the Fakemon paper's automatic hints.

Stage 1 quantises the picture to at most `colours` colours. Its distance stresses hue and saturation, in the cone of
hue H, chroma C and value V. Hue is an angle there (it wraps at 360 degrees) and counts in proportion to chroma, so
that the noisy hue of a grey decides nothing:

    d(a, b)^2 = w_s^2 (C_a - C_b)^2  +  w_h^2 2 C_a C_b (1 - cos(H_a - H_b))  +  w_v^2 (V_a - V_b)^2

    V = max(r, g, b),    C e^(iH) = (r - (g + b) / 2) + i (g - b) sqrt(3) / 2

Stage 2 takes `hints` medoids of the quantised picture by the Euclidean distance over (r, g, b, x, y), all about 0..255:

    d(p, q)^2 = w_c^2 |rgb_p - rgb_q|^2  +  w_p^2 |xy_p - xy_q|^2

Each medoid becomes a disc in an exact colour of the picture. Both stages run on weighted points: a colour counts its
pixels, and the pixels of one quantised colour in one cell of a grid are one point, at the pixel deepest inside.

In one respect this goes beyond the paper (whose letter is the preset `paper`): hints serve to colour areas, so
only fills are clustered, not ink, not the mixed colours of soft edges, not transparency, not the paper or the plain
ground around the figure; and a disc moves from its medoid to a near pixel deeper inside the same area. The preset
`fills` goes on: small discs that keep to pixels of about their colour, for filling line art without a network.

Sources: the Fakemon colorization by Pix2Pix and CycleGAN (35 colours, ten hints, radius 15 px at 256x256); A. Hanbury,
"The Taming of the Hue, Saturation and Brightness Colour Space", CVWW 2002 (chroma and hue); base/medoids.py (solver).
"""

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F32, F64, U8, Index, Labels, Mask
from pipelines.core.imaging.colours import pack_rgb, unpack_rgb
from pipelines.core.settings import check_number
from pipelines.hints._discs import draw_discs
from pipelines.hints._sklearn_extra import repeated_medoids
from pipelines.hints.base.fills import find_fills, find_hintable
from pipelines.hints.base.medoids import Medoids, weighted_medoids

_PAPER_SIDE = 256  # px: the paper's pictures, to whose size lengths are relative
_WORK_SIDE = 512  # px: longer pictures are thinned to it by taking every n-th pixel, which keeps exact colours
_STEPS = 16  # distances are whole numbers of 1/16 level, so that all sums are exact and the same on every machine
_SHARES = 1000  # weights are whole numbers for the same reason: thousandths of a pixel where areas are levelled
_NOISE = 16  # levels within which, in each channel, neighbours or members of an area count as one fill
_DEEP = 8.0  # px at _PAPER_SIDE: deep enough inside a fill
_STRAY = 0.25  # px of depth that must be won for each px that a disc moves from its medoid


@dataclass(frozen=True)
class Params:
    """Settings of two-stage k-medoids; px are px of a picture with a longer side of 256 px, in proportion elsewhere."""

    colours: Annotated[int, "stage 1: the most colours kept"] = 35
    hints: Annotated[int, "stage 2: the most discs"] = 10
    radius: Annotated[float, "px, of the discs"] = 15.0
    hue_weight: Annotated[float, "stage 1: weight of differences in hue, in proportion to chroma"] = 1.0
    saturation_weight: Annotated[float, "stage 1: weight of differences in chroma"] = 1.0
    value_weight: Annotated[float, "stage 1: weight of differences in value, max(r, g, b)"] = 0.5
    colour_weight: Annotated[float, "stage 2: weight of differences in r, g, b"] = 1.0
    place_weight: Annotated[float, "stage 2: weight of differences in x, y, where the longer side is 256"] = 1.0
    area_power: Annotated[float, "stage 2: colours count as (their pixels)^power; below 1 favours small areas"] = 1.0
    ink_width: Annotated[float, "px: dark strokes up to this wide are ink and get no hint; 0: ink is a fill"] = 16.0
    ink_value: Annotated[int, "levels: the greatest max(r, g, b) of ink"] = 110
    edge: Annotated[int, "levels by which neighbours differ in a channel at an edge, no fill; 255: edges are fills"] = (
        32
    )
    skip_paper: Annotated[bool, "no hint on white around the figure of a picture without transparency"] = True
    skip_ground: Annotated[bool, "with skip_paper: none on a plain ground of another colour around it either"] = True
    centring: Annotated[bool, "move discs from their medoids deeper into their areas"] = True
    clip: Annotated[
        Literal["circle", "opaque", "fill"], "whole discs, their opaque part, or that within `edge` of their colour"
    ] = "circle"
    max_points: Annotated[int, "most points that a stage weighs up; time and memory grow with its square"] = 600
    engine: Annotated[Literal["own", "sklearn-extra"], "the k-medoids solver"] = "own"

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for name in ("colours", "hints"):
            check_number(name, getattr(self, name), 1, 255)
        for name in ("hue_weight", "saturation_weight", "value_weight", "colour_weight", "place_weight"):
            check_number(name, getattr(self, name), 0, 100)
        check_number("radius", self.radius, 0, _PAPER_SIDE)
        check_number("area_power", self.area_power, 0, 1)
        check_number("ink_width", self.ink_width, 0, _PAPER_SIDE)
        check_number("ink_value", self.ink_value, 0, 255)
        check_number("edge", self.edge, 0, 255)
        check_number("max_points", self.max_points, 8, 4000)


PRESETS = {
    "paper": Params(ink_width=0.0, edge=255, skip_paper=False, centring=False),
    "fills": Params(radius=4.0, area_power=0.75, clip="fill", skip_ground=False),  # a coloured ground is a fill too
}


class _Points(NamedTuple):
    """The weighted points of stage 2; all (n,)."""

    rows: Index
    columns: Index
    labels: Labels  # quantised colour
    weights: F64


def place(image: U8, alpha: U8 | None, params: Params, rng: np.random.Generator) -> U8:
    """Place discs of the picture's main colours; returns hints, uint8 RGBA (H, W, 4), alpha 0 or 255.

    image: uint8 RGB (H, W, 3). alpha: uint8 (H, W) or None. Fewer than `params.hints` discs come back where the
    fills have fewer points, none where all is transparent or paper. Discs may overlap; then each pixel is the nearest
    centre's. Deterministic: rng is not used. Raises MissingPackageError for an engine that is not installed.
    """
    step = -(-max(image.shape[:2]) // _WORK_SIDE)
    small = np.ascontiguousarray(image[::step, ::step])
    scale = max(small.shape[:2]) / _PAPER_SIDE
    small_alpha = None if alpha is None else alpha[::step, ::step]
    figure = find_hintable(small, small_alpha, skip_paper=params.skip_paper, any_colour=params.skip_ground)
    if not figure.any():
        return np.zeros((*image.shape[:2], 4), np.uint8)
    fills = find_fills(small, figure, ink_width=params.ink_width * scale, ink_value=params.ink_value, edge=params.edge)
    packed = pack_rgb(small)
    palette, labels = _quantise(packed, fills, params)
    areas, depth = _areas(palette, labels)
    points = _points(labels, depth, params)
    medoids = _solve(_colour_and_place(points, palette, labels.shape, params), points.weights, params.hints, params)
    chosen = medoids.members
    if params.centring:
        chosen = _centred(points, medoids, palette, areas, np.minimum(depth, _DEEP * scale))
    centres = np.column_stack([points.rows[chosen], points.columns[chosen]])
    colours = _colours(packed, areas, centres)
    kept_to = image if params.clip == "fill" else None
    radius = params.radius * step * scale
    hints = draw_discs(image.shape[:2], centres * step, colours, radius=radius, picture=kept_to, tolerance=params.edge)
    if alpha is not None and params.clip != "circle":
        hints[alpha == 0] = 0
    return hints


def _quantise(packed: Labels, fills: Mask, params: Params) -> tuple[U8, Labels]:
    """Stage 1: returns the palette, uint8 RGB (k, 3), and each pixel's index in it, int32 (H, W), -1 beside fills."""
    values, inverse, counts = np.unique(packed[fills], return_inverse=True, return_counts=True)
    group, heaviest = _grouped(values, counts, params.max_points)
    colours = unpack_rgb(heaviest)
    weights = np.bincount(group, counts).astype(np.float64)
    medoids = _solve(_hue_and_saturation(colours, params), weights, params.colours, params)
    labels = np.full(packed.shape, -1, np.int32)
    labels[fills] = medoids.labels[group][inverse]
    return colours[medoids.members], labels


def _grouped(values: Labels, counts: Index, limit: int) -> tuple[Index, Labels]:
    """Join packed colours in cubes of 1, 2, 4 ... levels until there are at most `limit`; exact colours stay.

    Returns each colour's cube, (n,), and each cube's colour with the most pixels, (cubes,).
    """
    group = np.arange(len(values))
    for bits in range(1, 9):
        if len(values) <= limit or group.max() < limit:
            break
        group = np.unique(values & (0xFF >> bits << bits) * 0x010101, return_inverse=True)[1]
    order = np.lexsort((-counts, group))
    return group, values[order[_starts(group[order])]]


def _starts(sorted_keys: Index) -> Index:
    """Return where each run of equal keys starts."""
    return np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))


def _hue_and_saturation(colours: U8, params: Params) -> F64:
    """Return stage 1's distances, (n, n), of colours (n, 3); the formula is at the head of the module."""
    red, green, blue = colours.T.astype(np.float64)
    along, across = 2 * red - green - blue, green - blue  # C e^(iH) = (along + i sqrt(3) across) / 2
    chroma, value = np.sqrt(along**2 + 3 * across**2) / 2, colours.max(axis=1).astype(np.float64)
    cosine = (np.outer(along, along) + 3 * np.outer(across, across)) / 4  # C_a C_b cos(H_a - H_b), exact
    squared = 2 * params.hue_weight**2 * np.maximum(np.outer(chroma, chroma) - cosine, 0)
    squared += (params.saturation_weight * np.subtract.outer(chroma, chroma)) ** 2
    squared += (params.value_weight * np.subtract.outer(value, value)) ** 2
    return _whole(np.sqrt(squared))


def _whole(distances: F64) -> F64:
    """Round to whole numbers of steps, with an exact zero from each point to itself."""
    steps = np.rint(distances * _STEPS)
    np.fill_diagonal(steps, 0)
    return steps


def _areas(palette: U8, labels: Labels) -> tuple[Labels, F32]:
    """Return the connected fills, int32 (H, W), and each pixel's depth in its fill, px, float32 (H, W).

    A fill is numbered, and deep, only where a pixel's four neighbours have its quantised colour or nearly so: 0
    elsewhere. Noise (of JPEG) tears no fill apart, and shading parts it only where tones are told apart.
    """
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    quantised = np.pad(palette[labels], ((1, 1), (1, 1), (0, 0)))
    steps = np.asarray(cv2.morphologyEx(quantised, cv2.MORPH_GRADIENT, cross), np.uint8)
    mask = cv2.erode(np.pad(labels >= 0, 1).astype(np.uint8), cross)
    for channel in range(3):
        mask[steps[..., channel] > _NOISE] = 0
    areas = np.asarray(cv2.connectedComponents(mask, connectivity=4)[1], np.int32)
    depth = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 3), np.float32)
    return areas[1:-1, 1:-1], depth[1:-1, 1:-1]


def _points(labels: Labels, depth: F32, params: Params) -> _Points:
    """Join the pixels of each colour in each cell of a grid to one point, at the deepest of them."""
    own = np.flatnonzero(labels >= 0)
    cells = _cells(labels, own, params.max_points)
    shallow = 1023 - np.minimum(depth.ravel()[own] * 4, 1023).astype(np.int64)
    ranked = np.sort((cells * 1024 + shallow) * labels.size + own)  # one number each: fast to sort
    starts = _starts(ranked // (1024 * labels.size))
    first = ranked[starts] % labels.size
    weights = _levelled(np.diff(starts, append=len(own)), labels.ravel()[first], params.area_power)
    return _Points(first // labels.shape[1], first % labels.shape[1], labels.ravel()[first], weights)


def _cells(labels: Labels, own: Index, limit: int) -> NDArray[np.int64]:
    """Number the colours in the cells of a grid, and return these numbers for the pixels `own`, both (n,).

    The grid is so coarse that at most `limit` numbers occur; where there are more colours than that, one a colour.
    """
    side = max(int((len(own) / limit) ** 0.5), 1)
    while True:
        rows, columns = (np.arange(length) // side for length in labels.shape)
        grid = (rows[:, None] * (columns[-1] + 1) + columns) * (int(labels.max()) + 1) + labels
        cells: NDArray[np.int64] = grid.ravel()[own]
        count = np.count_nonzero(np.bincount(cells))
        if count <= limit or side >= max(labels.shape):
            return cells
        side = max(int(side * (count / limit) ** 0.5), side + 1)


def _levelled(weights: Index, labels: Labels, power: float) -> F64:
    """Scale the weights, (n,), so that each colour's sum is its old sum to the power, in proportion; whole numbers."""
    if power == 1:
        return weights.astype(np.float64)
    sums = np.bincount(labels, weights)[labels]
    return np.asarray(np.rint(_SHARES * weights * (sums / sums.max()) ** (power - 1)), np.float64)


def _colour_and_place(points: _Points, palette: U8, shape: tuple[int, int], params: Params) -> F64:
    """Return stage 2's distances, (n, n); squares of whole numbers, so that their sums are exact."""
    span = _PAPER_SIDE / max(shape)
    places = np.column_stack([points.rows, points.columns]) * (span * params.place_weight)
    features = np.rint(np.hstack([palette[points.labels] * params.colour_weight, places]) * _STEPS)
    products = features @ features.T
    squares = np.diag(products).copy()
    products *= -2  # in place from here on: this is where the time goes
    products += squares[:, None]
    products += squares
    distances: F64 = np.rint(np.sqrt(products, out=products), out=products)
    return distances


def _solve(distances: F64, weights: F64, count: int, params: Params) -> Medoids:
    solver = weighted_medoids if params.engine == "own" else repeated_medoids
    return solver(distances, weights, count)


def _centred(points: _Points, medoids: Medoids, palette: U8, areas: Labels, depth: F32) -> Index:
    """Return for each medoid the point of its cluster and fill that is deeper inside and not far; (k,) indices.

    It maximises depth - 0.25 * distance to the medoid, px.
    """
    area, deep = areas[points.rows, points.columns], depth[points.rows, points.columns]
    chosen = medoids.members.copy()
    for slot, member in enumerate(medoids.members):
        same = (medoids.labels == slot) & (area == area[member])
        near = np.flatnonzero(same & _alike(palette, palette[points.labels[member]])[points.labels])
        moved = np.hypot(points.rows[near] - points.rows[member], points.columns[near] - points.columns[member])
        chosen[slot] = near[np.argmax(deep[near] - _STRAY * moved)]
    return chosen


def _alike(colours: U8, colour: U8) -> Mask:
    """Return which of the colours, uint8 (n, 3), noise could make of one fill's `colour`, (3,); bool (n,)."""
    alike: Mask = (np.abs(colours.astype(np.int16) - colour) <= _NOISE).all(axis=1)
    return alike


def _colours(packed: Labels, areas: Labels, centres: Index) -> U8:
    """Return the discs' colours, uint8 RGB (n, 3), all of them exact colours of the picture.

    Each is the most frequent colour of the fill around the centre among those like the centre's own, so that the discs
    of one fill agree; where the fill is too thin to be one, the centre's own.
    """
    own, around = packed[tuple(centres.T)], areas[tuple(centres.T)]
    colours = unpack_rgb(own)
    for area in np.unique(around[around > 0]):
        values, counts = np.unique(packed[areas == area], return_counts=True)
        choices = unpack_rgb(values)
        for slot in np.flatnonzero(around == area):
            colours[slot] = choices[np.where(_alike(choices, colours[slot]), counts, 0).argmax()]
    return colours
