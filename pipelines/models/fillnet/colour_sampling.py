"""Chooses colours for areas that no hint speaks for, from the probabilities that the network gives 125 colours.

    likely      the colour whose expected CIEDE2000 distance to the true one is least: grey where it could be anything
    lively      the same where that is little; elsewhere a colourful one, near in lightness and of a hue in harmony
    palette     the palette's colour that is likeliest, rather one that little of the figure has yet
    variants    drawn by probability for the largest areas, alike for areas that look alike; the network, given these as
                hints, colours the rest to go with them

The 125 colours are the RGB cube at five levels. Source: R. Zhang, P. Isola, A. A. Efros, "Colorful Image
Colorization", ECCV 2016, which takes the annealed mean where this takes the least expected distance.
"""

from functools import lru_cache

import numpy as np

from pipelines.core.imaging.arrays import F32, F64, U8, Index
from pipelines.core.imaging.colours import pairwise_ciede2000, srgb_to_lab

LEVELS = 5
"""Of each of red, green and blue among the colours that probabilities are of."""

_NEAR = 20.0  # dE00: how near a palette's colour has to be to what an area is thought to be
_FAIR = 1.5  # nats: how much less likely a colour is that all of the figure has already
_SURE = 10.0  # dE00: the expected distance up to which a colour is taken for known
_GREY, _COLOURFUL = 12.0, 32.0  # chroma in CIELAB: greys have less than the first, colourful colours the second
_LIGHT = 60.0  # L* of CIELAB that lively colours have at least
_WHITE_PROB, _DETAIL = (
    0.2,
    0.05,
)  # white is taken from here on in details, areas of that share of the figure
_HARMONY = 6.0  # dE00: half of what the farthest hue from the one in turn counts
_GOLDEN = 2.4  # rad: the golden angle, after which hues never come close to each other soon
_NEVER = 1e3
_LEAST_DRAWN = 0.01  # of the figure: smaller areas are not drawn for
_MOST_DRAWN = 6
_TWINS = 0.5  # L1 distance of probabilities below which areas of like size look alike
_LIKE_SIZE = 1.6
_MOST_HEADS = 256  # areas that others are compared with
_KEPT = 0.9  # of probability, the likeliest colours together: others are not drawn


@lru_cache(maxsize=1)
def colour_cube() -> U8:
    """The colours that probabilities are of, uint8 (125, 3)."""
    levels = np.linspace(0, 255, LEVELS).round().astype(np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)


def min_expected_distance(probs: F32, painted: F32) -> U8:
    """Colours, uint8 (n, 3), of least expected distance by probs (n, 125); `painted`, (n, 3), where that is as near."""
    expected = probs @ _distances()
    chosen = colour_cube()[expected.argmin(axis=1)]
    half_step = 127.5 / (LEVELS - 1)
    near = (np.abs(painted - chosen) <= half_step).all(axis=1)
    return np.where(near[:, None], np.rint(painted), chosen).astype(np.uint8)


def vivid(probs: F32, sizes: F64, painted: F32, rng: np.random.Generator) -> U8:
    """Colours, uint8 (n, 3), as of `likeliest` where the network is sure, elsewhere colourful, alike for like areas.

    Hues follow each other by the golden angle from one drawn by chance. Sure means that the expected distance is small,
    that greys are likely together, or that white is likely in a detail. Areas have sizes (n,), px.
    """
    lab = srgb_to_lab(colour_cube())
    chroma, hue = np.hypot(lab[:, 1], lab[:, 2]), np.arctan2(lab[:, 2], lab[:, 1])
    expected = probs @ _distances()
    sure = (expected.min(axis=1) <= _SURE) | (probs[:, chroma < _GREY].sum(axis=1) >= 0.5)
    chosen, leaders = min_expected_distance(probs, painted), _leaders(probs, sizes)
    white = (probs[:, -1] >= _WHITE_PROB) & (sizes <= _DETAIL * sizes.sum())  # eyes, teeth
    chosen[white], sure = 255, sure | white
    dull = (chroma < _COLOURFUL) | (lab[:, 0] < _LIGHT)
    first, turns = rng.uniform(0, 2 * np.pi), 0
    for area in np.argsort(-sizes, kind="stable").tolist():
        if leaders[area] != area:
            chosen[area] = chosen[leaders[area]]
        elif not sure[area]:
            off = _HARMONY * (1 - np.cos(hue - first - turns * _GOLDEN))
            chosen[area] = colour_cube()[(expected[area] + off + _NEVER * dull).argmin()]
            turns += 1
    return chosen


def from_palette(probs: F32, sizes: F64, palette: U8) -> U8:
    """Colours, uint8 (n, 3), out of a palette (k, 3) for areas of probs (n, 125), sizes (n,), px; alike for like."""
    closeness = np.exp(-np.square(_distance_between(colour_cube(), palette)) / (2 * _NEAR**2))
    fit = np.log(probs @ closeness + 1e-6)
    taken, leaders = np.zeros(len(palette)), _leaders(probs, sizes)
    chosen = np.zeros(len(probs), np.intp)
    for area in np.argsort(-sizes, kind="stable").tolist():
        lead = leaders[area]
        chosen[area] = chosen[lead] if lead != area else int((fit[area] - _FAIR * taken).argmax())
        taken[chosen[area]] += sizes[area] / max(sizes.sum(), 1)
    return np.asarray(palette[chosen], np.uint8)


def nearest_colours(colours: U8, palette: U8) -> U8:
    """The colours of a palette, uint8 (k, 3), that are nearest to colours, uint8 (n, 3), by CIEDE2000."""
    return np.asarray(palette[_distance_between(colours, palette).argmin(axis=1)], np.uint8)


def sample_colours(probs: F32, sizes: F64, rng: np.random.Generator) -> tuple[Index, U8]:
    """Which areas get a colour by chance, (m,), and which, uint8 (m, 3): the largest, and those that look like them."""
    leaders = _leaders(probs, sizes)
    colours: dict[int, U8] = {}
    places = []
    for area in np.argsort(-sizes, kind="stable").tolist():
        if sizes[area] < _LEAST_DRAWN * sizes.sum():
            break
        if leaders[area] == area and len(colours) < _MOST_DRAWN:
            colours[area] = _draw(probs[area], rng)
        if leaders[area] in colours:
            places.append(area)
    sampled = [colours[int(leaders[area])] for area in places]
    return np.array(places, np.intp), np.array(sampled, np.uint8).reshape(-1, 3)


def _leaders(probs: F32, sizes: F64) -> Index:
    """For each area the largest that looks like it, itself where there is none."""
    leaders = np.arange(len(probs))
    heads = np.zeros(0, np.intp)
    for area in np.argsort(-sizes, kind="stable").tolist():
        near = heads[sizes[heads] <= _LIKE_SIZE * max(sizes[area], 1)]
        alike = near[np.abs(probs[near] - probs[area]).sum(axis=1) <= _TWINS]
        if len(alike):
            leaders[area] = alike[0]
        elif len(heads) < _MOST_HEADS:
            heads = np.append(heads, area)
    return leaders


def _draw(probs: F32, rng: np.random.Generator) -> U8:
    """One of the likely colours, moved within its cell of the cube."""
    order = np.argsort(-probs, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(probs[order]), _KEPT)) + 1]
    share = probs[kept].astype(np.float64)
    chosen = colour_cube()[rng.choice(kept, p=share / share.sum())].astype(np.float64)
    step = 255 / (LEVELS - 1)
    return np.asarray(np.clip(np.rint(chosen + rng.uniform(-step / 3, step / 3, 3)), 0, 255), np.uint8)


@lru_cache(maxsize=1)
def _distances() -> F32:
    return _distance_between(colour_cube(), colour_cube())


def _distance_between(first: U8, second: U8) -> F32:
    """CIEDE2000 between colours, uint8 (a, 3) and (b, 3), float32 (a, b)."""
    return np.asarray(pairwise_ciede2000(first, second), np.float32)
