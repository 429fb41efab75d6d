"""Makes clean ink look like what artists have: pencil, scans, phone photos, toned pages; all chance is drawn by a seed.

A kind takes the clean drawing, uint8 (H, W), 0 = ink, where its figure is, bool (H, W), and a generator, and returns
the page, uint8 RGB (H, W, 3). It never moves a line. Measures in px hold for a page of 384 px and grow with the page.
`Light` below means reflected light, 0..1 of white; what lies on paper is multiplied by it, as light is taken away
twice.
"""

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.core.imaging.picture import decode_picture

Bytes = NDArray[np.uint8]
Light = NDArray[np.float32]
Mask = NDArray[np.bool_]
Kind = Callable[[Bytes, Mask, np.random.Generator], Bytes]
Colour = Sequence[float]

PAGE = 384  # px, the longer side for which measures are given
PAPER = 191  # lines at least this light are paper
CREAMS = ((250, 243, 222), (248, 240, 214), (246, 241, 228), (242, 232, 204))
BROWNS = ((190, 152, 108), (178, 140, 98), (201, 167, 124))
SKETCHES = ((92, 134, 206), (64, 106, 190), (122, 58, 40), (150, 84, 52))  # non-photo blue, blue, sienna, sanguine
PENCILS = ((198, 62, 58), (60, 120, 186), (66, 142, 84), (214, 128, 44), (128, 84, 150), (122, 82, 56))


# what everything is made of


def _scale(lines: Bytes) -> float:
    return float(max(lines.shape)) / PAGE


def _softened(light: Light, sigma: float) -> Light:
    return np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), np.float32) if sigma > 0.05 else light


def _noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> Light:
    """Noise of mean 0 and standard deviation 1, as coarse as sigma px."""
    rough = _softened(rng.standard_normal(shape, np.float32), sigma)
    return np.asarray((rough - rough.mean()) / rough.std(), np.float32)


def _coverage(lines: Bytes, blur: float = 0.0) -> Light:
    """How much of each pixel is inked, 0..1, softened by so many px."""
    return _softened(np.asarray((255 - lines) / 255, np.float32), blur * _scale(lines))


def _paper(lines: Bytes, tint: Colour, grain: float, rng: np.random.Generator) -> Light:
    """A sheet of this tint, RGB 0..255, whose grain has this standard deviation in levels; (H, W, 3)."""
    shape, scale = (lines.shape[0], lines.shape[1]), _scale(lines)
    rough = 0.75 * _noise(shape, 0.6 * scale, rng) + 0.5 * _noise(shape, 1.8 * scale, rng)
    cloud = 0.35 * _noise(shape, 24 * scale, rng)
    sheet = np.asarray(tint, np.float32) / 255 * (1 + grain / 255 * (rough + cloud))[..., None]
    return np.asarray(np.clip(sheet, 0, 1), np.float32)


def _drawn(sheet: Light, cover: Light, pigment: Colour | Light) -> Light:
    """The sheet under a pigment, RGB 0..255 or (H, W, 3) 0..1: full cover takes away all that the pigment does."""
    colour = pigment if isinstance(pigment, np.ndarray) else np.asarray(pigment, np.float32) / 255
    return np.asarray(sheet * (1 - cover[..., None] * (1 - colour)), np.float32)


def _strokes(lines: Bytes, strength: float, tooth: float, rng: np.random.Generator) -> Light:
    """Cover of a pencil: soft at the edge, uneven in pressure, broken by the paper's tooth."""
    shape, scale = (lines.shape[0], lines.shape[1]), _scale(lines)
    pressure = 1 + 0.12 * _noise(shape, 14 * scale, rng)
    grip = np.clip(0.92 + tooth * _noise(shape, 0.85 * scale, rng), 0.3, 1.2)
    return np.asarray(np.clip(_coverage(lines, 0.75) * pressure * grip * strength, 0, 1), np.float32)


def _falloff(lines: Bytes, depth: float, rng: np.random.Generator) -> Light:
    """Light that falls off by `depth` towards one corner; (H, W, 1)."""
    height, width = lines.shape
    right, down = rng.integers(0, 2, 2).tolist()
    x, y = np.meshgrid(np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32))
    away = np.hypot(x if right else 1 - x, y if down else 1 - y) / np.sqrt(2)
    return np.asarray(1 - depth * away[..., None] ** rng.uniform(1.4, 2.2), np.float32)


def _shadow(lines: Bytes, depth: float, rng: np.random.Generator) -> Light:
    """The shadow of a hand or a phone, whose soft edge runs across the page; (H, W, 1)."""
    height, width = lines.shape
    x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
    angle = rng.uniform(0, 2 * np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    bend = rng.uniform(-0.25, 0.25) * across**2
    side = (along + bend - rng.uniform(-0.4, 0.4)) / rng.uniform(0.03, 0.12)
    return np.asarray(1 - depth / (1 + np.exp(np.clip(-side, -30, 30)))[..., None], np.float32)


def _bytes(light: Light) -> Bytes:
    return np.clip(np.rint(light * 255), 0, 255).astype(np.uint8)


def _jpeg(page: Bytes, quality: int) -> Bytes:
    """The page after JPEG; RGB in, RGB out."""
    data = cv2.imencode(".jpg", np.ascontiguousarray(page[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return decode_picture(data.tobytes()).rgb


def _areas(lines: Bytes, figure: Mask) -> tuple[int, NDArray[np.int32]]:
    """How many areas of paper the lines divide the figure into, and the nearest's number at each pixel; 0 outside."""
    paper = lines >= PAPER
    inside = (paper & figure).astype(np.uint8)
    wide = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))  # no rims along the lines
    areas = cv2.connectedComponents(wide, connectivity=4)[1]
    known = (wide > 0) | (paper & ~figure)
    away, near = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    numbers = np.zeros(int(near.max()) + 1, np.int32)
    numbers[near[away == 0]] = areas[away == 0]
    return int(areas.max()), np.asarray(numbers[near], np.int32)


# the kinds


def pencil(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """Soft grey strokes, a quarter to a half dark, on sketch paper under a lamp."""
    tint = np.asarray(CREAMS[rng.integers(len(CREAMS))]) * rng.uniform(0.93, 1) + rng.uniform(0, 6)
    sheet = _paper(lines, tint.clip(0, 255).tolist(), rng.uniform(2, 6), rng)
    graphite = rng.uniform(36, 60)
    page = _drawn(sheet, _strokes(lines, rng.uniform(0.4, 0.66), rng.uniform(0.12, 0.22), rng), [graphite] * 3)
    return _jpeg(_bytes(page * _falloff(lines, rng.uniform(0.06, 0.2), rng)), int(rng.integers(84, 95)))


def cream(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """Ink on cream paper with a slight grain."""
    sheet = _paper(lines, CREAMS[rng.integers(len(CREAMS))], rng.uniform(1.2, 3.0), rng)
    ink = rng.uniform(24, 56)
    return _bytes(_drawn(sheet, _coverage(lines, rng.uniform(0.25, 0.5)), [ink + 4, ink, ink - 4]))


def scan(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """A cheap scan: grey paper, light that falls off by a sixth towards a corner, noise of JPEG."""
    grey = rng.uniform(214, 238)
    sheet = _paper(lines, [grey + rng.uniform(-3, 3) for _ in range(3)], rng.uniform(2.0, 4.5), rng)
    page = _drawn(sheet, _coverage(lines, rng.uniform(0.45, 0.75)), [rng.uniform(34, 66)] * 3)
    return _jpeg(_bytes(page * _falloff(lines, rng.uniform(0.12, 0.2), rng)), int(rng.integers(52, 80)))


def photo(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """A phone's photo: warm light, a shadow whose edge runs across the page, blur, noise of the sensor."""
    sheet = _paper(lines, (244, 243, 240), rng.uniform(1.5, 3.5), rng)
    page = _drawn(sheet, _coverage(lines), [rng.uniform(26, 48)] * 3)
    warmth = rng.uniform(0.1, 0.24)
    lamp = np.array([1, 1 - 0.42 * warmth, 1 - warmth], np.float32) * rng.uniform(0.84, 1.0)
    lit = page * lamp * _falloff(lines, rng.uniform(0.08, 0.2), rng) * _shadow(lines, rng.uniform(0.15, 0.35), rng)
    page = _softened(np.asarray(lit, np.float32), rng.uniform(0.6, 0.95) * _scale(lines))
    grain = np.dstack([_noise((lines.shape[0], lines.shape[1]), 0.6, rng) for _ in range(4)])
    noise = rng.uniform(1.6, 3.2) / 255 * (grain[..., :1] + 0.45 * grain[..., 1:])
    return _jpeg(_bytes(np.asarray(page + noise, np.float32)), int(rng.integers(70, 88)))


def toned(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """A panel of a comic in grey tones: every area has its tone, some a gradient; black frame, white gutter."""
    count, areas = _areas(lines, figure)
    height, width = lines.shape
    tones = rng.uniform(0.5, 1.0, count + 1).astype(np.float32)
    tones[1:][rng.random(count) < 0.25] = 1.0
    tones[0] = rng.uniform(0.42, 0.75)
    slopes = rng.uniform(-0.12, 0.12, count + 1).astype(np.float32) * (rng.random(count + 1) < 0.4)
    run = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    page = np.clip(tones[areas] + slopes[areas] * run, 0.35, 1)
    margin, frame = round(0.025 * max(height, width)), max(1, round(0.008 * max(height, width)))
    inside = np.zeros((height, width), np.uint8)
    inside[margin : height - margin, margin : width - margin] = 1
    page[inside == 0] = 1
    page[(inside - cv2.erode(inside, np.ones((3, 3), np.uint8), iterations=frame)) > 0] = 0.06
    page = page * (1 - 0.94 * _coverage(lines))
    return _bytes(np.dstack([page] * 3).astype(np.float32))


def kraft(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """Dark ink on brown wrapping paper, with its fibres."""
    shape, scale = (lines.shape[0], lines.shape[1]), _scale(lines)
    sheet = _paper(lines, BROWNS[rng.integers(len(BROWNS))], rng.uniform(3, 5), rng)
    rough = rng.standard_normal(shape, np.float32)
    fibres = np.asarray(cv2.GaussianBlur(rough, (0, 0), sigmaX=5 * scale, sigmaY=0.6 * scale), np.float32)
    fibres = np.clip(np.abs(fibres / fibres.std()) - 1.6, 0, 1.5) * np.sign(fibres)
    sheet = np.clip(sheet * (1 + 0.05 * fibres[..., None]), 0, 1).astype(np.float32)
    page = _drawn(sheet, _coverage(lines, rng.uniform(0.35, 0.6)), (44, 36, 32))
    return _jpeg(_bytes(page * _falloff(lines, rng.uniform(0.03, 0.12), rng)), int(rng.integers(84, 95)))


def blue(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """A sketch in blue or brown pencil on white paper."""
    sheet = _paper(lines, (254, 254, 253), rng.uniform(0.3, 1.0), rng)
    cover = _strokes(lines, rng.uniform(0.8, 1.05), rng.uniform(0.08, 0.2), rng)
    return _bytes(_drawn(sheet, cover, SKETCHES[rng.integers(len(SKETCHES))]))


def dither(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """One bit a pixel: a soft drawing on slightly grey paper, by error diffusion or by an ordered matrix."""
    count, areas = _areas(lines, figure)
    tones = np.full(count + 1, rng.uniform(0.965, 1), np.float32)
    if rng.random() < 0.4:
        tones[1:] -= rng.uniform(0, 0.2, count).astype(np.float32)
    page = np.asarray(tones[areas] * (1 - rng.uniform(0.86, 1) * _coverage(lines, 0.4)), np.float32)
    if rng.random() < 0.5:
        dots = np.asarray(Image.fromarray(_bytes(page)).convert("1"))
    else:
        quarter = np.array([[0, 2], [3, 1]])
        half = np.block([[4 * quarter, 4 * quarter + 2], [4 * quarter + 3, 4 * quarter + 1]])
        height, width = lines.shape
        matrix = np.tile(half, (height // 4 + 1, width // 4 + 1))[:height, :width]
        dots = page > (matrix + 0.5) / 16
    return np.dstack([np.where(dots, np.uint8(255), np.uint8(0))] * 3)


def white_on_black(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """White ink or chalk on a black sheet."""
    sheet = _paper(lines, (255, 255, 255), rng.uniform(0.5, 2.5), rng)
    board = np.asarray([rng.uniform(10, 32)] * 3, np.float32) / 255
    chalk = rng.uniform(0.86, 0.98) * np.clip(1 + rng.uniform(0, 0.12) * _noise(sheet.shape[:2], 0.7, rng), 0, 1.1)
    cover = np.asarray(_coverage(lines, rng.uniform(0.2, 0.5)) * chalk, np.float32)
    return _bytes(np.asarray(sheet * board * (1 - cover[..., None]) + cover[..., None], np.float32))


def coloured_pencil(lines: Bytes, figure: Mask, rng: np.random.Generator) -> Bytes:
    """Outlines in several coloured pencils, each area's in one of them, on white paper with tooth."""
    count, areas = _areas(lines, figure)
    chosen = np.asarray(PENCILS, np.float32)[rng.permutation(len(PENCILS))[:3]] / 255
    turns = np.where(areas > 0, rng.integers(0, len(chosen), count + 1)[areas], -1)
    reach = np.ones([1 + 2 * round(8 * _scale(lines))] * 2, np.uint8)  # px: wider than a line, which has one colour
    near = [cv2.dilate((turns == turn).astype(np.uint8), reach) for turn in range(len(chosen))]
    pigment = np.asarray(chosen[np.argmax(near, axis=0)], np.float32)
    sheet = _paper(lines, (252, 251, 247), rng.uniform(0.8, 1.8), rng)
    page = _drawn(sheet, _strokes(lines, rng.uniform(0.85, 1.05), rng.uniform(0.07, 0.15), rng), pigment)
    return _jpeg(_bytes(page * _falloff(lines, rng.uniform(0.02, 0.1), rng)), int(rng.integers(84, 95)))


KINDS: Mapping[str, Kind] = {
    kind.__name__: kind
    for kind in (pencil, cream, scan, photo, toned, kraft, blue, dither, white_on_black, coloured_pencil)
}
