"""Chooses the colours of a character for all frames of a sequence: one for each area that is followed (tracks.py).

1. A track has its hints' colour (hint_propagation.py), else the medoid, weighted by area, of what was painted in it:

       c = argmin_{c in C} sum_f A_f dE00(c, c_f),    C: the colours c_f of the frames f

   Tracks that meet in gaps of the lines, and were painted alike in most frames, are one.
2. The colours of all sequences of a folder become one palette: what lies within 5 dE00 of a hint's colour, else of the
   colour of something larger, becomes that. With a palette given, what is not hinted takes the nearest of it. A frame
   to which no hint is carried is painted in the colours of the folder's hints.
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
    as_rgb,
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
    infos: list[FrameInfo] = []

    def remembered() -> Iterator[Frame]:
        for frame in frames:
            infos.append(frame.info)
            yield frame

    tracks = track_areas(remembered())
    return Shot(infos, tracks, hints_of_tracks(infos, tracks), {})


def choose_colours(shots: Sequence[Shot], palette: Sequence[Rgb] | None) -> list[list[dict[int, tuple[Rgb, ...]]]]:
    """Return for each frame of each sequence of a folder which colours its areas get, by area."""
    colours = [colours_of_tracks(shot) for shot in shots]
    hinted = [hint.colour for shot in shots for hints in shot.hinted.values() for hint in hints]
    painted = [colour for shot_colours in colours for colour in shot_colours.values()]
    becomes = shared_palette(hinted, painted, palette)
    return [
        [target_colours(shot, number, colours=shot_colours, becomes=becomes) for number in range(len(shot.frames))]
        for shot, shot_colours in zip(shots, colours, strict=True)
    ]


def hinted_palette(shots: Sequence[Shot]) -> tuple[Rgb, ...]:
    """Return the colours of all hints of the sequences of a folder, that of the largest areas first."""
    weights: dict[Rgb, float] = defaultdict(float)
    for frame in (frame for shot in shots for frame in shot.frames):
        for hint in frame.hints:
            weights[hint.colour] += float(frame.size[hint.area])
    return tuple(sorted(weights, key=lambda colour: (-weights[colour], colour)))


def encode_palette(palette: Sequence[Rgb]) -> bytes:
    """Turn a palette into JSON."""
    return json.dumps([list(colour) for colour in palette]).encode()


def decode_palette(data: bytes) -> tuple[Rgb, ...]:
    """Turn JSON that `encode_palette` wrote into the palette."""
    return tuple((red, green, blue) for red, green, blue in json.loads(data))


def frames_to_sample(shot: Shot) -> list[int]:
    """Return the frames to look at so that each track without a hint is seen in a few: those with hints first."""
    seen: Counter[int] = Counter()
    chosen = []
    for number in sorted(_spread(len(shot.tracks)), key=lambda number: not shot.frames[number].hints):
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
    samples: dict[int, AreaColour] = {}
    for place in np.argsort(counts, kind="stable"):  # of each area the commonest comes last
        samples[int(values[place] >> 24)] = AreaColour(as_rgb(unpack_rgb(values[place])), counts[place] / key.size)
    samples[INK] = AreaColour(as_rgb(painting.ink), 1.0)
    return {area: samples[area] for area in sorted(samples)}


def colours_of_tracks(shot: Shot) -> dict[int, AreaColour]:
    """Return the colour, and the weight, of each track that has no hint but was painted.

    Frames with hints of their own decide where the track is seen in any.
    """
    roots = _painted_alike(shot)
    painted: dict[int, dict[bool, list[AreaColour]]] = defaultdict(lambda: {True: [], False: []})
    for number, sampled in sorted(shot.samples.items()):
        for area, sample in sampled.items():
            track = int(shot.tracks[number][area])
            if track != UNTRACKED and track not in shot.hinted:
                painted[roots.get(track, track)][bool(shot.frames[number].hints)].append(sample)
    colours = {root: _typical(by_hint[True] or by_hint[False]) for root, by_hint in painted.items()}
    unhinted = {int(track) for frame_tracks in shot.tracks for track in frame_tracks} - set(shot.hinted)
    return {track: colours[roots.get(track, track)] for track in sorted(unhinted) if roots.get(track, track) in colours}


def _typical(samples: Sequence[AreaColour]) -> AreaColour:
    weights = [sample.weight for sample in samples]
    return AreaColour(medoid([sample.colour for sample in samples], weights), sum(weights))


def _painted_alike(shot: Shot) -> dict[int, int]:
    """Return a root for tracks that meet in gaps of the lines and were painted alike more often than not."""
    votes: Counter[tuple[int, int]] = Counter()
    for number, sampled in sorted(shot.samples.items()):
        tracks, frame = shot.tracks[number], shot.frames[number]
        for area, neighbour in frame.open.tolist():
            first, second = sorted((int(tracks[area]), int(tracks[neighbour])))
            is_sampled = area in sampled and neighbour in sampled and UNTRACKED != first != second
            is_hinted = first in shot.hinted or second in shot.hinted
            if is_sampled and not is_hinted and frame.outside[area] == frame.outside[neighbour]:
                votes[first, second] += -1 if differ([sampled[area].colour, sampled[neighbour].colour]) else 1
    return _join_pairs(pair for pair, count in sorted(votes.items()) if count > 0)


def _join_pairs(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the least track that each of the tracks in pairs is joined with, over any number of pairs."""
    roots: dict[int, int] = {}
    for track, other in pairs:
        joined = {roots.get(track, track), roots.get(other, other)}
        roots |= {member: min(joined) for member in (track, other, *joined)}
        roots = {member: min(joined) if root in joined else root for member, root in roots.items()}
    return roots


def shared_palette(
    hinted: Sequence[Rgb], painted: Sequence[AreaColour], palette: Sequence[Rgb] | None
) -> dict[Rgb, Rgb]:
    """Return what each painted colour becomes: a hint's, one of the palette, or that of something larger like it."""
    if palette:
        return _nearest_of(palette, [area.colour for area in painted])
    weights: dict[Rgb, float] = defaultdict(float)
    for area in painted:
        weights[area.colour] += area.weight
    kept = list(dict.fromkeys([WHITE, *hinted]))
    becomes: dict[Rgb, Rgb] = {}
    for colour in sorted(weights, key=lambda colour: (-weights[colour], colour)):
        difference = pairwise_ciede2000([colour], kept)[0]
        place = int(np.argmin(difference))
        if difference[place] > SAME_COLOUR:
            kept.append(colour)
            place = len(kept) - 1
        becomes[colour] = kept[place]
    return becomes


def _nearest_of(palette: Sequence[Rgb], colours: Sequence[Rgb]) -> dict[Rgb, Rgb]:
    """Return for each colour the nearest of a palette, or white where it is white to the eye."""
    distinct = sorted(set(colours))
    if not distinct:
        return {}
    is_white = pairwise_ciede2000(distinct, [WHITE])[:, 0] <= SAME_COLOUR
    return {
        colour: WHITE if white else palette[int(place)]
        for colour, place, white in zip(distinct, nearest(palette, distinct), is_white, strict=True)
    }


def target_colours(
    shot: Shot, number: int, *, colours: Mapping[int, AreaColour], becomes: Mapping[Rgb, Rgb]
) -> dict[int, tuple[Rgb, ...]]:
    """Return the colours of a frame's areas: their track's, or those of hints in the frame that say otherwise."""
    frame, tracks = shot.frames[number], shot.tracks[number]
    by_hand: dict[int, list[Rgb]] = defaultdict(list)
    for hint in frame.hints if frame.by_hand else ():
        by_hand[hint.area].append(hint.colour)
    targets: dict[int, tuple[Rgb, ...]] = {}
    for area in range(1, len(tracks)):
        track = int(tracks[area])
        if track in shot.hinted:
            targets[area] = tuple(dict.fromkeys(hint.colour for hint in shot.hinted[track]))
        elif track in colours:
            targets[area] = (becomes[colours[track].colour],)
        if area in by_hand:
            targets[area] = _keep_differing(tuple(dict.fromkeys(by_hand[area])), targets.get(area, ()))
    inks = [sampled[INK] for sampled in shot.samples.values() if INK in sampled]
    if inks:
        targets[INK] = (_typical(inks).colour,)
    return targets


def _keep_differing(by_hand: tuple[Rgb, ...], track: tuple[Rgb, ...]) -> tuple[Rgb, ...]:
    """Return the colours of hints by hand, each replaced by the track's that is the same to the eye."""
    if not track:
        return by_hand
    differences = pairwise_ciede2000(by_hand, track)
    return tuple(
        track[int(row.argmin())] if row.min() <= SAME_COLOUR else colour
        for colour, row in zip(by_hand, differences, strict=True)
    )


def encode_samples(samples: Mapping[int, AreaColour]) -> bytes:
    """Turn what was painted into JSON."""
    return json.dumps([[area, *sample.colour, round(sample.weight, 9)] for area, sample in samples.items()]).encode()


def decode_samples(data: bytes) -> dict[int, AreaColour]:
    """Turn JSON that `encode_samples` wrote into samples."""
    return {area: AreaColour((red, green, blue), weight) for area, red, green, blue, weight in json.loads(data)}
