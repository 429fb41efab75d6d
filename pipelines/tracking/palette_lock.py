"""Chooses the colours of a character for all frames of a sequence: one for each area that is followed (_tracks.py).

1. A track has its hints' colour (_carried_hints.py), else the medoid, weighted by area, of what was painted in it:

       c = argmin_{c in C} sum_f A_f dE00(c, c_f),    C: the colours c_f of the frames f

   Tracks that meet in gaps of the lines, and were painted alike in most frames, are one.
2. The colours of all sequences of a folder become one palette: what lies within 5 dE00 of a hint's colour, else of the
   colour of something larger, becomes that. With a palette given, what is not hinted takes the nearest of it.
3. Hints by hand decide in the area where they lie: a frame keeps those that differ from the track's to the eye.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import Index
from pipelines.core.imaging.colours import (
    SAME_COLOUR,
    WHITE,
    Rgb,
    differ,
    medoid,
    pack_rgb,
    pairwise_ciede2000,
    unpack_rgb,
)
from pipelines.core.imaging.palette_files import nearest
from pipelines.flatting.areas import AreaMap
from pipelines.inference.types import ColorResult
from pipelines.tracking.frames import Frame, FrameHint, FrameInfo
from pipelines.tracking.hint_propagation import hints_of_tracks
from pipelines.tracking.recolour import INK
from pipelines.tracking.tracks import UNTRACKED, track_areas

_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")
_SAMPLED = 512  # px of the longer side at which painted colours are read off
_ENOUGH = 5  # frames in which a track's colour is looked at


class AreaColour(NamedTuple):
    """What was painted in an area."""

    colour: Rgb
    weight: float  # share of the picture


class Shot(NamedTuple):
    """The frames of one sequence, what is followed in them, and what was painted."""

    frames: Sequence[FrameInfo]
    tracks: Sequence[Index]  # of each frame, (n + 1,)
    hinted: Mapping[int, tuple[FrameHint, ...]]  # by track
    samples: Mapping[int, Mapping[int, AreaColour]]  # by frame and area; not all frames have any


def find_shots(names: Sequence[str]) -> list[list[int]]:
    """Group names that differ in their last number alone, in its order; returns the places in `names` of each group."""
    groups: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, name in enumerate(names):
        number = _LAST_NUMBER.search(name)
        pattern = f"{name[: number.start()]}#{name[number.end() :]}" if number else f"{name}/{place}"
        groups[pattern].append((int(number[0]) if number else 0, place))
    return [[place for _, place in sorted(group)] for group in groups.values()]


def track_shot(frames: Iterable[Frame]) -> Shot:
    """Follow the areas of a sequence's frames, which are held a few at a time."""
    known: list[FrameInfo] = []

    def remembered() -> Iterator[Frame]:
        for frame in frames:
            known.append(frame.about)
            yield frame

    tracks = track_areas(remembered())
    return Shot(known, tracks, hints_of_tracks(known, tracks), {})


def choose_colours(shots: Sequence[Shot], palette: Sequence[Rgb] | None) -> list[list[dict[int, tuple[Rgb, ...]]]]:
    """Return for each frame of each sequence of a folder which colours its areas get, by area."""
    colours = [colours_of_tracks(shot) for shot in shots]
    hinted = [spot.colour for shot in shots for spots in shot.hinted.values() for spot in spots]
    becomes = shared_palette(hinted, [one for found in colours for one in found.values()], palette)
    return [
        [target_colours(shot, number, colours=found, becomes=becomes) for number in range(len(shot.frames))]
        for shot, found in zip(shots, colours, strict=True)
    ]


def frames_to_sample(shot: Shot) -> list[int]:
    """Return the frames to look at so that each track without a hint is seen in a few: those with hints first."""
    seen: Counter[int] = Counter()
    chosen = []
    for number in sorted(_spread(len(shot.tracks)), key=lambda number: not shot.frames[number].spots):
        unknown = {int(track) for track in shot.tracks[number] if track != UNTRACKED and int(track) not in shot.hinted}
        if any(seen[track] < _ENOUGH for track in unknown):
            chosen.append(number)
            seen.update(unknown)
    return sorted(chosen)


def _spread(count: int) -> list[int]:
    """The numbers 0..count - 1, in an order in which any beginning is spread evenly."""
    return sorted(range(count), key=lambda number: (int(f"{number:020b}"[::-1], 2), number))


def sample_colours(painting: ColorResult, areas: AreaMap) -> dict[int, AreaColour]:
    """Return the flat colour that most of each area was painted in, and that of the ink."""
    step = -(-max(areas.labels.shape) // _SAMPLED)
    labels = areas.labels[step // 2 :: step, step // 2 :: step]
    flat = np.where(painting.background[..., None], np.uint8(255), painting.flats)[step // 2 :: step, step // 2 :: step]
    key = (labels.astype(np.int64) << 24 | pack_rgb(flat)).reshape(-1)
    values, counts = np.unique(key, return_counts=True)
    order = np.argsort(counts, kind="stable")
    found = {int(values[at] >> 24): AreaColour(unpack_rgb(int(values[at])), counts[at] / key.size) for at in order}
    found[INK] = AreaColour(unpack_rgb(int(pack_rgb(painting.ink))), 1.0)
    return {area: found[area] for area in sorted(found)}


def colours_of_tracks(shot: Shot) -> dict[int, AreaColour]:
    """Return the colour, and the weight, of each track that has no hint but was painted.

    Frames with hints of their own decide where the track is seen in any.
    """
    roots = _painted_alike(shot)
    painted: dict[int, dict[bool, list[AreaColour]]] = defaultdict(lambda: {True: [], False: []})
    for number, sampled in sorted(shot.samples.items()):
        for area, one in sampled.items():
            track = int(shot.tracks[number][area])
            if track != UNTRACKED and track not in shot.hinted:
                painted[roots.get(track, track)][bool(shot.frames[number].spots)].append(one)
    found = {root: _typical(ones[True] or ones[False]) for root, ones in painted.items()}
    known = {int(track) for own in shot.tracks for track in own} - set(shot.hinted)
    return {track: found[roots.get(track, track)] for track in sorted(known) if roots.get(track, track) in found}


def _typical(samples: Sequence[AreaColour]) -> AreaColour:
    weights = [one.weight for one in samples]
    return AreaColour(medoid([one.colour for one in samples], weights), sum(weights))


def _painted_alike(shot: Shot) -> dict[int, int]:
    """Return a root for tracks that meet in gaps of the lines and were painted alike more often than not."""
    votes: Counter[tuple[int, int]] = Counter()
    for number, sampled in sorted(shot.samples.items()):
        own, frame = shot.tracks[number], shot.frames[number]
        for one, other in frame.open.tolist():
            pair = tuple(sorted((int(own[one]), int(own[other]))))
            known = one in sampled and other in sampled and UNTRACKED not in pair and pair[0] != pair[1]
            if known and frame.outside[one] == frame.outside[other] and not any(t in shot.hinted for t in pair):
                votes[pair[0], pair[1]] += 1 if not differ([sampled[one].colour, sampled[other].colour]) else -1
    roots: dict[int, int] = {}
    for (one, other), count in sorted(votes.items()):
        if count > 0:
            first, second = roots.get(one, one), roots.get(other, other)
            roots |= {track: min(first, second) for track in (one, other, first, second)}
            roots = {track: min(first, second) if root in (first, second) else root for track, root in roots.items()}
    return roots


def shared_palette(
    hinted: Sequence[Rgb], painted: Sequence[AreaColour], palette: Sequence[Rgb] | None
) -> dict[Rgb, Rgb]:
    """Return what each painted colour becomes: a hint's, one of the palette, or that of something larger like it."""
    if palette:
        return _taken_from(palette, [one.colour for one in painted])
    weights: Counter[Rgb] = Counter()
    for one in painted:
        weights[one.colour] += one.weight  # type: ignore[assignment]
    known = list(dict.fromkeys([WHITE, *hinted]))
    becomes: dict[Rgb, Rgb] = {}
    for colour in sorted(weights, key=lambda colour: (-weights[colour], colour)):
        away = pairwise_ciede2000([colour], known)[0]
        place = int(np.argmin(away))
        if away[place] > SAME_COLOUR:
            known.append(colour)
            place = len(known) - 1
        becomes[colour] = known[place]
    return becomes


def _taken_from(palette: Sequence[Rgb], colours: Sequence[Rgb]) -> dict[Rgb, Rgb]:
    """The nearest of a palette, or white for what is white but for `SAME`."""
    known = sorted(set(colours))
    if not known:
        return {}
    chosen = nearest(palette, known)
    white = pairwise_ciede2000(known, [WHITE])[:, 0] <= SAME_COLOUR
    return {
        colour: WHITE if is_white else palette[int(place)]
        for colour, place, is_white in zip(known, chosen, white, strict=True)
    }


def target_colours(
    shot: Shot, number: int, *, colours: Mapping[int, AreaColour], becomes: Mapping[Rgb, Rgb]
) -> dict[int, tuple[Rgb, ...]]:
    """Return the colours of a frame's areas: their track's, or those of hints in the frame that say otherwise."""
    frame, tracks = shot.frames[number], shot.tracks[number]
    own: dict[int, list[Rgb]] = defaultdict(list)
    for spot in frame.spots if frame.by_hand else ():
        own[spot.area].append(spot.colour)
    wanted: dict[int, tuple[Rgb, ...]] = {}
    for area in range(1, len(tracks)):
        track = int(tracks[area])
        if track in shot.hinted:
            wanted[area] = tuple(dict.fromkeys(spot.colour for spot in shot.hinted[track]))
        elif track in colours:
            wanted[area] = (becomes[colours[track].colour],)
        if area in own:
            wanted[area] = _by_hand(tuple(dict.fromkeys(own[area])), wanted.get(area, ()))
    inks = [sampled[INK] for sampled in shot.samples.values() if INK in sampled]
    if inks:
        wanted[INK] = (_typical(inks).colour,)
    return wanted


def _by_hand(own: tuple[Rgb, ...], others: tuple[Rgb, ...]) -> tuple[Rgb, ...]:
    """The hints' colours, each replaced by the track's that is the same to the eye."""
    if not others:
        return own
    away = pairwise_ciede2000(own, others)
    return tuple(
        others[int(row.argmin())] if row.min() <= SAME_COLOUR else colour for colour, row in zip(own, away, strict=True)
    )


def encode_samples(samples: Mapping[int, AreaColour]) -> bytes:
    """Turn what was painted into JSON."""
    return json.dumps([[area, *one.colour, round(one.weight, 9)] for area, one in samples.items()]).encode()


def decode_samples(data: bytes) -> dict[int, AreaColour]:
    """Turn JSON that `encode_samples` wrote into samples."""
    return {row[0]: AreaColour((row[1], row[2], row[3]), row[4]) for row in json.loads(data)}
