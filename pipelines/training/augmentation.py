"""Varies what a network learns from beyond mirroring and hues: which hints it is given, and how its lines are drawn.

Hints are the dataset's, or drawn anew by a method of the hints family on the picture as it is seen, or varied: then
none in a fifth of the cases, all in two fifths, some in a fifth, and in the rest dabs and short strokes of the true
colours anywhere, one to many. Lines: thicker or thinner, with gaps, pale or soft, on noisy paper.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.core import families
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.core.method_specs import resolve_method_specs
from pipelines.training.pair_dataset import Example, HintDrawing

_NONE, _ALL, _SOME = 0.2, 0.6, 0.8  # up to which draw there are no hints, all, some; beyond, others
_MEAN_DABS = 7
_MOST_DABS = 30
_DAB = 1 / 40  # of the side: the greatest radius of a dab
_STROKE = 1 / 8  # of the side: the greatest length of a stroke
_CLEAN = 235  # level from which a pixel of a drawing is paper
_TOLERANCE = 12  # levels: a stroke stays on one colour
_GAP = 1 / 100  # of the side: the greatest radius of a gap


@dataclass(frozen=True)
class Augmentation:
    """How a picture is varied each time it is seen."""

    flip: bool = True  # mirrored in half of the cases
    jitter: float = 0.0  # enlarged by up to this share and cut to size again at random (.12 is 286 -> 256)
    hue: float = 0.0  # colours and hints turned together by up to this share of the hue circle (.5 is any turn)
    hints: bool = False  # other hints: none, some of them, or dabs anywhere
    lines: float = 0.0  # share of pictures whose lines are drawn otherwise: width, gaps, tone
    redraw: HintDrawing | None = None  # draws the hints on the picture as it is seen, in the place of its own
    hintless: float = 0.0  # share of pictures that are shown without any hint
    input_jitter: float = 0.0  # what is to be coloured made brighter or darker by up to this share


def augment(example: Example, augmentation: Augmentation, rng: np.random.Generator) -> Example:
    """Mirror, enlarge and recolour a picture by chance; lines, hints, colour and what it is made of stay in register.

    Nothing is drawn from `rng` for what is switched off.
    """
    example = choose_hints(enlarge(example, augmentation.jitter, rng), augmentation, rng)
    if augmentation.lines and rng.random() < augmentation.lines:
        example = example._replace(lines=restyle_lines(example.lines, rng))
    example = change_brightness(example, augmentation.input_jitter, rng)
    if augmentation.flip and rng.random() < 0.5:
        example = _each_array(example, lambda array: array[:, ::-1])
    if augmentation.hue:
        example = _turn_hues(example, rng.uniform(-augmentation.hue, augmentation.hue))
    return _each_array(example, np.ascontiguousarray)


def choose_hints(example: Example, augmentation: Augmentation, rng: np.random.Generator) -> Example:
    """Give a picture the hints that it is learned with: none, its own, others like them, or new ones."""
    if augmentation.hintless and rng.random() < augmentation.hintless:
        return example._replace(hints=np.zeros_like(example.hints))
    if augmentation.redraw is not None:
        return example._replace(hints=augmentation.redraw(example.colour, rng))
    if augmentation.hints:
        return example._replace(hints=resample_hints(example.colour, example.lines, example.hints, rng))
    return example


def hint_drawing(name: str) -> HintDrawing:
    """What draws hints by METHOD or METHOD:PRESET of the hints family; its lengths scale with the picture, as ever.

    Raises UsageError for an unknown method, SettingsError for an unknown preset.
    """
    (spec,) = resolve_method_specs("hints", [name], {})
    place = families.load("hints", spec.method).place

    def draw(picture: U8, rng: np.random.Generator) -> U8:
        return place(picture, None, spec.params, rng)

    return draw


def _each_array(example: Example, change: Callable[[U8], U8]) -> Example:
    picture = None if example.picture is None else change(example.picture)
    return Example(change(example.colour), change(example.lines), change(example.hints), picture, example.domain)


def _turn_hues(example: Example, turn: float) -> Example:
    hints = np.dstack([rotate_hue(example.hints[..., :3], turn), example.hints[..., 3]])
    picture = None if example.picture is None else rotate_hue(example.picture, turn)
    return example._replace(colour=rotate_hue(example.colour, turn), hints=hints, picture=picture)


def change_brightness(example: Example, share: float, rng: np.random.Generator) -> Example:
    """Multiply levels by 1 - share to 1 + share: of the picture to be turned into another, else of the line art."""
    if not share:
        return example
    factor = 1 + rng.uniform(-share, share)
    if example.picture is not None:
        return example._replace(picture=np.asarray(cv2.convertScaleAbs(example.picture, alpha=factor), np.uint8))
    return example._replace(lines=np.asarray(cv2.convertScaleAbs(example.lines, alpha=factor), np.uint8))


def enlarge(example: Example, share: float, rng: np.random.Generator) -> Example:
    """Enlarge a picture by up to a share, drawn by chance, and cut it to its size somewhere."""
    if not share:
        return example
    height, width = example.lines.shape
    scale = 1 + rng.uniform(0, share)
    right, down = rng.uniform(0, 1, 2) * (scale - 1) * (width, height)
    matrix = np.array([[scale, 0, -right], [0, scale, -down]], np.float32)

    def warp(picture: U8, interpolation: int) -> U8:
        border = cv2.BORDER_REPLICATE
        return np.asarray(
            cv2.warpAffine(picture, matrix, (width, height), flags=interpolation, borderMode=border), np.uint8
        )

    return Example(
        warp(example.colour, cv2.INTER_LINEAR),
        warp(example.lines, cv2.INTER_LINEAR),
        warp(example.hints, cv2.INTER_NEAREST),
        None if example.picture is None else warp(example.picture, cv2.INTER_LINEAR),
        example.domain,
    )


def resample_hints(colour: U8, lines: U8, hints: U8, rng: np.random.Generator) -> U8:
    """Draw which hints, uint8 RGBA (H, W, 4), a picture, uint8 (H, W, 3), is learned with."""
    draw = rng.random()
    if draw < _NONE:
        return np.zeros_like(hints)
    if draw < _ALL:
        return hints
    return _pick_spots(hints, rng) if draw < _SOME else _draw_dabs(colour, lines, rng)


def restyle_lines(lines: U8, rng: np.random.Generator) -> U8:
    """Redraw lines, uint8 (H, W), by chance: two of width, gaps, tone and softness, noise at most."""
    ways = (_change_width, _tear_gaps, _make_paler, _soften, _add_noise)
    for way in rng.choice(len(ways), int(rng.integers(1, 3)), replace=False).tolist():
        lines = ways[way](lines, rng)
    return lines


def rotate_hue(colour: U8, turn: float) -> U8:
    """Rotate the colours, uint8 (H, W, 3), about the grey axis by a share of the full circle.

    The rotation matrix about (1, 1, 1)/sqrt(3) keeps greys, R + G + B, and black and white; what falls out of the
    cube is cut off.
    """
    cosine, sine = np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)
    off = (1 - cosine) / 3
    cross = sine / np.sqrt(3)
    matrix = cosine * np.eye(3) + off + cross * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    return np.asarray(cv2.transform(np.ascontiguousarray(colour), matrix.astype(np.float32)), np.uint8)


def _pick_spots(hints: U8, rng: np.random.Generator) -> U8:
    """From one to all of the spots of hints."""
    count, spots = cv2.connectedComponents((hints[..., 3] >= HINT_ALPHA).view(np.uint8), ltype=cv2.CV_32S)
    kept = np.zeros(count, bool)
    if count > 1:
        kept[rng.choice(np.arange(1, count), int(rng.integers(1, count)), replace=False)] = True
    return np.asarray(hints * kept[spots][..., None], np.uint8)


def _draw_dabs(colour: U8, lines: U8, rng: np.random.Generator) -> U8:
    """Dabs of the true colour on paper: in half of the pictures discs, else strokes as far as the colour goes."""
    hints = np.zeros((*lines.shape, 4), np.uint8)
    coloured = (lines >= _CLEAN) & (colour.min(axis=2) < _CLEAN)
    rows, columns = np.nonzero(coloured if rng.random() < 0.7 and coloured.any() else lines >= _CLEAN)
    if not len(rows):
        return hints
    side, strokes = max(lines.shape), rng.random() < 0.5
    for place in rng.integers(0, len(rows), min(int(rng.geometric(1 / _MEAN_DABS)), _MOST_DABS)).tolist():
        start = int(columns[place]), int(rows[place])
        tone = (*colour[start[1], start[0]].tolist(), 255)
        if strokes:
            end = _end_of_stroke(colour, start, side * _STROKE * rng.random(), rng)
            cv2.line(hints, start, end, tone, int(rng.integers(1, 4)))
        else:
            cv2.circle(hints, start, int(rng.integers(1, max(2, int(side * _DAB)))), tone, -1)
    return hints


def _end_of_stroke(colour: U8, start: tuple[int, int], length: float, rng: np.random.Generator) -> tuple[int, int]:
    turn = rng.uniform(0, 2 * np.pi)
    steps = np.arange(int(length) + 1)
    x = np.clip(start[0] + steps * np.cos(turn), 0, colour.shape[1] - 1).astype(int)
    y = np.clip(start[1] + steps * np.sin(turn), 0, colour.shape[0] - 1).astype(int)
    off = np.abs(colour[y, x].astype(np.int16) - colour[y[0], x[0]]).max(axis=1) > _TOLERANCE
    last = max(int(off.argmax()) - 1, 0) if off.any() else len(steps) - 1
    return int(x[last]), int(y[last])


def _change_width(lines: U8, rng: np.random.Generator) -> U8:
    """Thicker by up to a pixel on each side, or a little thinner."""
    kernel = np.ones((3, 3), np.uint8)
    thick = rng.random() < 0.7
    other = cv2.erode(lines, kernel) if thick else cv2.dilate(lines, kernel)
    share = rng.uniform(0.3, 1.0 if thick else 0.5)
    return np.asarray(cv2.addWeighted(lines, 1 - share, other, share, 0), np.uint8)


def _tear_gaps(lines: U8, rng: np.random.Generator) -> U8:
    rows, columns = np.nonzero(lines < 128)
    if not len(rows):
        return lines
    torn = lines.copy()
    for place in rng.integers(0, len(rows), int(rng.integers(1, 5))).tolist():
        radius = int(rng.integers(1, max(2, round(max(lines.shape) * _GAP)) + 1))
        cv2.circle(torn, (int(columns[place]), int(rows[place])), radius, 255, -1)
    return torn


def _make_paler(lines: U8, rng: np.random.Generator) -> U8:
    return np.asarray(255 - cv2.convertScaleAbs(255 - lines, alpha=rng.uniform(0.5, 0.95)), np.uint8)


def _soften(lines: U8, rng: np.random.Generator) -> U8:
    return np.asarray(cv2.GaussianBlur(lines, (0, 0), rng.uniform(0.4, 1.0)), np.uint8)


def _add_noise(lines: U8, rng: np.random.Generator) -> U8:
    grain = rng.normal(0, rng.uniform(2, 8), lines.shape)
    return np.clip(np.rint(lines - np.abs(grain)), 0, 255).astype(np.uint8)
