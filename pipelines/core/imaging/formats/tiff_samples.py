"""Gives the samples of a TIFF their meaning: any layout, 1 to 16 bits; grey, RGB, palette, CMYK, Lab; alpha.

Source: TIFF 6.0 (Adobe 1992), sections 3 to 6, 14 (predictor), 15 (tiles), 18 (associated alpha), 23 (CIE L*a*b*);
Adobe Photoshop TIFF technical notes (2002), ICCLab.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.core.errors import PictureError
from pipelines.core.imaging.arrays import U8, Samples
from pipelines.core.imaging.colours import lab_to_srgb
from pipelines.core.imaging.formats.alpha import divide_by_alpha
from pipelines.core.imaging.formats.scaling import look_up, pick, same_kind, to_levels
from pipelines.core.imaging.formats.tiff_directory import (
    BITS,
    COLOUR_MAP,
    COMPRESSION,
    EXTRA_SAMPLES,
    INK_SET,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    SAMPLE_FORMAT,
    SAMPLES,
    TILE_WIDTH,
    TiffPage,
    damaged,
)
from pipelines.core.imaging.formats.tiff_strips import BYTEWISE, check_strips, open_plane, plane_rows

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, CIE_LAB, ICC_LAB = 0, 1, 2, 3, 5, 8, 9
_CHANNELS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, CIE_LAB: 3, ICC_LAB: 3}
_YCBCR = 6
_NAMES = {4: "a transparency mask", 6: "YCbCr colour", 10: "ITU L*a*b* colour", 32803: "raw samples of a sensor"}
_NAMES |= {32844: "LogL light", 32845: "LogLuv light", 34892: "raw samples of a sensor"}
_FORMATS = {2: "signed whole", 3: "floating-point", 5: "complex", 6: "complex"}
_ASSOCIATED, _STRAIGHT = 1, 2
_NO_ALPHA = 0  # an extra sample of which nothing is said
_MOST_SAMPLES = 8
_BAND = 1 << 18  # px
UNREAD_HINT = "Save it as PNG, or as TIFF in grey or RGB of 8 or 16 bits without compression"
"""What to do with a TIFF that is not read."""


@dataclass(frozen=True)
class SampleLayout:
    """How samples stand: `bits` each, `count` a pixel, of which the first `channels` are colour, as `photometric` says.

    `alpha` is the place of the alpha sample, None where there is none; `is_associated`: colours were multiplied by it.
    """

    bits: int
    count: int
    channels: int
    photometric: int
    alpha: int | None = None
    is_associated: bool = False
    is_planar: bool = False


def sample_layout(page: TiffPage) -> SampleLayout | None:
    """Return how the samples of a page stand, None where only a decoder knows (JPEG, fax, YCbCr ...).

    PictureError where they have no colours of 8 bits that anybody would agree on, named for what they are.
    """
    compression = page.value(COMPRESSION, 1)
    photometric = _photometric(page)
    count = page.value(SAMPLES, 1)
    if not 0 < count <= _MOST_SAMPLES:
        raise PictureError(f"it has {count} samples a pixel", hint=UNREAD_HINT)
    bits = _bits(page, count)
    if compression not in BYTEWISE or photometric == _YCBCR:
        return None
    channels = _CHANNELS.get(photometric)
    if channels is None:
        raise PictureError(
            f"it is a TIFF of {_NAMES.get(photometric, f'colours of kind {photometric}')}, which is not read",
            hint=UNREAD_HINT,
        )
    if photometric == CMYK and page.value(INK_SET, 1) != 1:
        raise PictureError("it is a TIFF of other inks than CMYK, which is not read", hint=UNREAD_HINT)
    if channels > count:
        raise damaged(f"it has {count} of {channels} samples a pixel")
    if (page.value(PREDICTOR, 1) == 2 and bits not in (8, 16)) or page.value(PREDICTOR, 1) not in (1, 2):
        raise PictureError(f"it is a TIFF of {bits} bits with a predictor, which is not read", hint=UNREAD_HINT)
    alpha, is_associated = _alpha(page, channels, count)
    return SampleLayout(bits, count, channels, photometric, alpha, is_associated, page.value(PLANAR, 1) == 2)


def _photometric(page: TiffPage) -> int:
    """Return what zero means; where nobody says, as libtiff takes it."""
    guess = RGB if page.value(SAMPLES, 1) >= 3 else WHITE_IS_ZERO if page.value(COMPRESSION, 1) in (2, 3, 4) else 1
    return page.value(PHOTOMETRIC, guess)


def _bits(page: TiffPage, count: int) -> int:
    """Return the bits of each sample; PictureError where they differ, are too many, or no plain numbers."""
    sizes = page.values(BITS)[:count] or (1,)
    kinds = page.values(SAMPLE_FORMAT)[:count] or (1,)
    kind = next((_FORMATS[one] for one in kinds if one in _FORMATS), "")
    if kind:
        message = f"its samples are {kind} numbers of {sizes[0]} bits, whose black and white nobody says"
        raise PictureError(message, hint="Save it as an 8-bit or 16-bit picture")
    if max(sizes) > 16:
        raise PictureError(f"its samples have more than 16 bits ({max(sizes)})", hint="Save it with 8 or 16 bits")
    if len(set(sizes)) > 1 or min(sizes) < 1:
        raise PictureError(f"its samples have {', '.join(map(str, sizes))} bits, which is not read", hint=UNREAD_HINT)
    return sizes[0]


def _alpha(page: TiffPage, channels: int, count: int) -> tuple[int | None, bool]:
    """Return the place of the alpha sample and whether it is associated; a sample of which nothing is said is none."""
    extra = page.values(EXTRA_SAMPLES)
    if not extra and count == channels + 1 and channels in (1, 3):
        return channels, False  # who writes one sample more and does not say what it is means alpha
    for place, kind in enumerate(extra[: count - channels], start=channels):
        if kind != _NO_ALPHA:
            return place, kind == _ASSOCIATED
    return None, False


def open_first_plane(page: TiffPage, layout: SampleLayout) -> Image.Image:
    """Open the first plane of a page, undecoded, or the only one; it has the page's metadata."""
    check_strips(page)
    return open_plane(page, plane=0, bits_a_pixel=layout.bits * (1 if layout.is_planar else layout.count))


def read_samples(page: TiffPage, layout: SampleLayout, first: Image.Image) -> tuple[U8, U8 | None]:
    """Decode a page from its opened first plane: uint8 grey, RGB or CMYK (255 = full ink), and straight alpha."""
    if not layout.is_planar:
        samples = _unpacked(page, layout.bits, layout.count, rows=plane_rows(first))
        return interpret(samples, layout, page.values(COLOUR_MAP))
    places = [*range(layout.channels), *([] if layout.alpha is None else [layout.alpha])]
    opened = ((first if place == 0 else open_plane(page, plane=place, bits_a_pixel=layout.bits)) for place in places)
    planes = [_unpacked(page, layout.bits, 1, rows=plane_rows(plane)) for plane in opened]
    alpha = None if layout.alpha is None else layout.channels
    layout = replace(layout, count=len(places), alpha=alpha)
    return interpret(same_kind(np.concatenate(planes, axis=2), planes[0]), layout, page.values(COLOUR_MAP))


def _unpacked(page: TiffPage, bits: int, count: int, *, rows: U8) -> Samples:
    """Turn rows of bytes into samples (H, W, count), unscaled, with the predictor undone."""
    height = len(rows)
    apiece = page.value(TILE_WIDTH, page.width)
    across = -(-page.width // apiece)
    blocks = rows.reshape(height, across, -1)  # the rows of each tile, or whole rows
    if bits == 16:
        samples: Samples = blocks.view(page.order + "u2").astype(np.uint16)
    elif bits == 8:
        samples = blocks
    else:
        samples = _of_odd_bits(blocks, bits, apiece * count)
    samples = samples[..., : apiece * count].reshape(height, across, apiece, count)
    if page.value(PREDICTOR, 1) == 2 and page.value(COMPRESSION, 1) != 1:
        samples = np.add.accumulate(samples, axis=2, dtype=samples.dtype)  # modulo 256 or 65536
    return samples.reshape(height, across * apiece, count)[:, : page.width]


def _of_odd_bits(blocks: U8, bits: int, count: int) -> Samples:
    """Turn bytes (..., bytes) into numbers (..., count) of so many bits, the highest first."""
    if bits == 1:
        return np.unpackbits(blocks, axis=-1, count=count)
    single = np.unpackbits(blocks, axis=-1, count=bits * count).reshape(*blocks.shape[:-1], count, bits)
    numbers: NDArray[np.uint16] = np.zeros(single.shape[:-1], np.uint16)
    for place in range(bits):
        numbers = np.asarray(numbers << np.uint16(1) | single[..., place], np.uint16)
    return numbers if bits > 8 else numbers.astype(np.uint8)


def interpret(samples: Samples, layout: SampleLayout, colour_map: Sequence[int] = ()) -> tuple[U8, U8 | None]:
    """Turn samples (H, W, count), unscaled, into uint8 grey, RGB or CMYK (255 = full ink), and straight alpha."""
    colours = pick(samples, tuple(range(layout.channels)))
    largest = (1 << layout.bits) - 1
    alpha = None if layout.alpha is None else pick(samples, (layout.alpha,))[..., 0]
    if alpha is not None and layout.is_associated:
        colours = divide_by_alpha(colours, alpha, largest)
    shown = None if alpha is None else to_levels(alpha, largest)
    match layout.photometric:
        case 0:
            return to_levels(largest - colours[..., 0], largest), shown
        case 1:
            return to_levels(colours[..., 0], largest), shown
        case 3:
            return _looked_up(colours[..., 0], colour_map, largest), shown
        case 8 | 9:
            return _lab(colours, layout), shown
    return to_levels(colours, largest), shown


def _looked_up(indices: Samples, colour_map: Sequence[int], largest: int) -> U8:
    if len(colour_map) < 3 * (largest + 1):
        raise damaged(f"its palette has {len(colour_map)} of {3 * (largest + 1)} numbers")
    table = np.array(colour_map[: 3 * (largest + 1)], np.uint16).reshape(3, -1).T
    eight = table if table.max() < 256 else table >> 8  # old programs wrote 0..255, as libtiff knows
    return look_up(indices, eight.astype(np.uint8))


def _lab(colours: Samples, layout: SampleLayout) -> U8:
    """Turn L*a*b*, white D50, into sRGB: L over the whole range, a and b signed, or moved by 128 in ICCLab."""
    if layout.bits not in (8, 16):
        raise PictureError(f"it is L*a*b* of {layout.bits} bits, which is not read", hint=UNREAD_HINT)
    unit = 1 << (layout.bits - 8)
    is_moved = layout.photometric == ICC_LAB
    white = 255 * unit if is_moved else (1 << layout.bits) - 1
    rows = max(1, _BAND // colours.shape[1])
    bands = []
    for start in range(0, len(colours), rows):  # in bands, since fractions take eight times the room
        numbers = colours[start : start + rows].astype(np.float64)
        chroma = numbers[..., 1:] / unit
        chroma = chroma - 128 if is_moved else (chroma + 128) % 256 - 128
        bands.append(lab_to_srgb(np.concatenate([numbers[..., :1] * 100 / white, chroma], axis=2), white="D50"))
    return np.concatenate(bands)
