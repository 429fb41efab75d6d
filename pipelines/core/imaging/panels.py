"""Draws pictures side by side under headings, for people to compare."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.picture import Picture

GAP = 8
"""px between cells."""

_HEADING_HEIGHT = 28  # px
_CHECKER = (238, 250)  # the two greys that stand behind transparency


def panel(pictures: Sequence[tuple[str, Picture | None]], *, cell: int) -> U8:
    """One row of pictures under their names, uint8 (H, W, 3), each fitted into a square of `cell` px; None is empty."""
    headings = np.hstack([heading(name, cell + GAP) for name, _ in pictures])
    return np.vstack([headings, np.hstack([framed(picture, cell) for _, picture in pictures])])


def framed(picture: Picture | None, cell: int) -> U8:
    """A picture in the middle of a white square, uint8 (cell + GAP, cell + GAP, 3); None leaves it empty."""
    frame = np.full((cell + GAP, cell + GAP, 3), 255, np.uint8)
    if picture is None:
        return frame
    small = over_checkerboard(picture, cell)
    height, width = small.shape[:2]
    top, left = (cell + GAP - height) // 2, (cell + GAP - width) // 2
    frame[top : top + height, left : left + width] = small
    return frame


def over_checkerboard(picture: Picture, side: int) -> U8:
    """The picture over a checkerboard, uint8 RGB, its longer side `side` px."""
    scale = side / max(picture.height, picture.width)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    if picture.alpha is None:
        return np.asarray(cv2.resize(picture.rgb, size, interpolation=method), np.uint8)
    opaque = np.dstack([picture.rgb, np.full_like(picture.alpha, 255)])
    premultiplied = opaque * np.float32(1 / 255) * picture.alpha[..., None]  # else the transparent colours its edges
    small = cv2.resize(premultiplied, size, interpolation=method)
    rows, columns = np.indices((size[1], size[0])) // 8
    checker = np.where((rows + columns) % 2, *_CHECKER)[..., None]
    mixed: U8 = np.rint(small[..., :3] + checker * (1 - small[..., 3:] / 255)).astype(np.uint8)
    return mixed


def heading(text: str, width: int) -> U8:
    """A text, centred, on a white strip of `width` px, uint8 (28, width, 3)."""
    strip = Image.new("RGB", (width, _HEADING_HEIGHT), "white")
    font = ImageFont.load_default(size=16)
    ImageDraw.Draw(strip).text((width / 2, _HEADING_HEIGHT / 2), text, fill=(60, 60, 60), font=font, anchor="mm")
    return np.asarray(strip)
