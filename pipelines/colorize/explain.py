"""Draws what happened to a drawing: what was hinted, what was guessed, what is ground, where colours met through gaps.

Hinted areas have their colour, guessed ones theirs in stripes, ground is a pale checkerboard; gaps in lines are ringed
in red with their width in px, hints that were not used are crossed out. A legend stands below.
"""

import cv2
import numpy as np

from pipelines.colorize.facts import GROUND, GUESSED, HINTED, Account
from pipelines.core.imaging.arrays import U8, Mask
from pipelines.core.imaging.colours import Rgb
from pipelines.inference.types import ColorResult, Drawing
from pipelines.segmentation.label_maps import map_labels

_LEAST, _MOST = 640, 2048  # px of the longer side: smaller drawings are enlarged by whole numbers, larger ones shrunk
_RED: Rgb = (220, 20, 30)
_INK: Rgb = (70, 70, 70)
_CHECKER: tuple[Rgb, Rgb] = ((222, 234, 246), (238, 245, 251))
_PALE = 135  # level of lines
_OPACITY = 0.85  # of solid ink
_STRIPE = 6  # px, half of a pair of stripes
_FADED = 0.45  # of its colour: a guessed area's second stripe
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_MOST_GAPS = 40  # whose width is written


def draw_explanation(account: Account, drawing: Drawing, result: ColorResult) -> U8:
    """Draw what happened to a drawing, uint8 RGB: the drawing, at least 640 px and at most 2048 px, and a legend."""
    height, width = drawing.lines.shape
    longer = max(height, width)
    scale = max(1, -(-_LEAST // longer)) if longer < _LEAST else min(1.0, _MOST / longer)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    kinds = cv2.resize(map_labels(account.kinds.astype(np.uint8), result.areas), size, interpolation=cv2.INTER_NEAREST)
    flats = cv2.resize(result.flats, size, interpolation=cv2.INTER_NEAREST)
    lines = cv2.resize(drawing.lines, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    picture = _filled(np.asarray(kinds, np.uint8), np.asarray(flats, np.uint8))
    ink = (_OPACITY * (1 - lines.astype(np.float32) / 255))[..., None]
    picture = np.rint(picture * (1 - ink) + _PALE * ink).astype(np.uint8)
    _draw_marks(picture, account, scale)
    _draw_gaps(picture, account, scale)
    return np.vstack([picture, _legend(picture.shape[1], account)])


def _filled(kinds: U8, flats: U8) -> U8:
    """Areas by their kind, (H, W): 1 in their colour, 2 in stripes of it, 3 checkered, the rest white."""
    rows, columns = np.indices(kinds.shape)
    picture = np.full((*kinds.shape, 3), 255, np.uint8)
    picture[kinds == HINTED] = flats[kinds == HINTED]
    guessed = kinds == GUESSED
    faded = 255 - _FADED * (255 - flats[guessed].astype(np.float32))
    is_stripe: Mask = ((rows + columns) // _STRIPE % 2 == 0)[guessed]
    picture[guessed] = np.where(is_stripe[:, None], flats[guessed], np.rint(faded))
    ground = kinds == GROUND
    picture[ground] = np.where(((rows // 12 + columns // 12) % 2 == 0)[ground][:, None], *_CHECKER)
    return picture


def _draw_marks(picture: U8, account: Account, scale: float) -> None:
    """Cross out the hints that were not used, and dot the others."""
    thick = max(2, max(picture.shape) // 400)
    for mark in account.marks:
        centre = round((mark.x + 0.5) * scale), round((mark.y + 0.5) * scale)
        if not mark.unused:
            cv2.circle(picture, centre, 2 * thick, (255, 255, 255), cv2.FILLED, cv2.LINE_AA)
            cv2.circle(picture, centre, 2 * thick, _INK, 1, cv2.LINE_AA)
            continue
        arm = 5 * thick
        cv2.circle(picture, centre, arm, mark.colour, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(picture, centre, arm, (255, 255, 255), 1, cv2.LINE_AA)
        for slope in (-1, 1):
            start, end = (centre[0] - arm, centre[1] - slope * arm), (centre[0] + arm, centre[1] + slope * arm)
            cv2.line(picture, start, end, (255, 255, 255), thick + 2, cv2.LINE_AA)
            cv2.line(picture, start, end, _RED, thick, cv2.LINE_AA)
        _write(picture, mark.unused, (centre[0] + arm + thick, centre[1] + arm))


def _draw_gaps(picture: U8, account: Account, scale: float) -> None:
    """Ring the gaps in red, with their width."""
    thick = max(2, max(picture.shape) // 400)
    for number, gap in enumerate(account.gaps):
        centre = round((gap.x + 0.5) * scale), round((gap.y + 0.5) * scale)
        radius = max(round(gap.width * scale / 2) + 2 * thick, 4 * thick)
        cv2.circle(picture, centre, radius, (255, 255, 255), thick + 2, cv2.LINE_AA)
        cv2.circle(picture, centre, radius, _RED, thick, cv2.LINE_AA)
        if number < _MOST_GAPS:
            _write(picture, f"{gap.width:.0f} px", (centre[0] + radius + thick, centre[1] - radius))


def _write(picture: U8, text: str, place: tuple[int, int]) -> None:
    """Write in red on a white rim, within the picture; `place` is the lower left corner."""
    size = max(0.45, max(picture.shape) / 1600)
    (width, height), _ = cv2.getTextSize(text, _FONT, size, 1)
    left = max(2, min(place[0], picture.shape[1] - width - 2))
    base = max(height + 2, min(place[1], picture.shape[0] - 4))
    for across, down in np.argwhere(np.ones((3, 3))) * 2 - 2:
        cv2.putText(picture, text, (left + int(across), base + int(down)), _FONT, size, (255, 255, 255), 1, cv2.LINE_AA)
    cv2.putText(picture, text, (left, base), _FONT, size, _RED, 1, cv2.LINE_AA)


def _legend(width: int, account: Account) -> U8:
    """What the picture shows and how often, in rows as wide as the picture."""
    counts = np.bincount(account.kinds[1:], minlength=GROUND + 1)
    unused = sum(bool(mark.unused) for mark in account.marks)
    entries = [
        ("hinted", f"hinted: {counts[HINTED]} areas"),
        ("guessed", f"guessed: {counts[GUESSED]}"),
        ("ground", f"ground: {counts[GROUND]}"),
        ("gap", f"gaps: {len(account.gaps)}"),
        ("unused", f"unused hints: {unused} of {len(account.marks)}"),
    ]
    cells = [_entry(kind, text) for kind, text in entries]
    rows: list[list[U8]] = [[]]
    for cell in cells:
        if rows[-1] and sum(each.shape[1] for each in [*rows[-1], cell]) > width:
            rows.append([])
        rows[-1].append(cell)
    return np.vstack([_to_width(np.hstack(row), width) for row in rows])


def _entry(kind: str, text: str) -> U8:
    """A swatch and a text, uint8 (32, w, 3)."""
    (length, _), _ = cv2.getTextSize(text, _FONT, 0.5, 1)
    cell = np.full((32, length + 56, 3), 255, np.uint8)
    kinds = {"hinted": HINTED, "guessed": GUESSED, "ground": GROUND}
    if kind in kinds:
        swatch = np.full((20, 28), kinds[kind], np.uint8)
        cell[6:26, 10:38] = _filled(swatch, np.full((20, 28, 3), (120, 170, 90), np.uint8))
        cv2.rectangle(cell, (10, 6), (37, 25), _INK, 1)
    elif kind == "gap":
        cv2.circle(cell, (24, 16), 9, _RED, 2, cv2.LINE_AA)
    else:
        cv2.line(cell, (16, 8), (32, 24), _RED, 2, cv2.LINE_AA)
        cv2.line(cell, (32, 8), (16, 24), _RED, 2, cv2.LINE_AA)
    cv2.putText(cell, text, (44, 21), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
    return cell


def _to_width(row: U8, width: int) -> U8:
    """Cut a row, or fill it up with white, to a width."""
    wide = np.full((row.shape[0], width, 3), 255, np.uint8)
    wide[:, : min(width, row.shape[1])] = row[:, :width]
    return wide
