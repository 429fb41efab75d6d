"""A head with an eye, a hand that swings and a foot: drawings whose areas anyone can follow."""

import cv2
import numpy as np

from pipelines.flatting.reading import LineReading
from pipelines.inference.types import ColorResult
from pipelines.tracking import frames

SIZE = 128
PLACES = {"head": (40, 60), "hand": (92, 40), "foot": (92, 92)}  # x, y
RADII = {"head": 26, "hand": 15, "foot": 15}


def face(shift=(0, 0), *, swing=0, missing=(), eye=True):
    """A head with an eye, a hand that swings, a foot."""
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    for name, (x, y) in PLACES.items():
        if name not in missing:
            middle = x + shift[0], y + shift[1] + (swing if name == "hand" else 0)
            cv2.circle(lines, middle, RADII[name], 0, 2)
            if name == "head" and eye:
                cv2.circle(lines, middle, 8, 0, 2)
    return lines


def hint_at(colour, *names, shift=(0, 0)):
    hints = np.zeros((SIZE, SIZE, 4), np.uint8)
    for name in names:
        x, y = PLACES[name]
        cv2.circle(hints, (x + shift[0] + (16 if name == "head" else 0), y + shift[1]), 3, (*colour, 255), -1)
    return hints


def areas_of(lines):
    return LineReading(lines).areas


def noted(lines, hints=None, **options):
    blank = np.zeros((*lines.shape, 4), np.uint8)
    frame = frames.survey(lines, areas_of(lines), blank if hints is None else hints, **options)
    return frames.decode(frames.encode(frame))


def area_at(frame, name, shift=(0, 0)):
    x, y = PLACES[name]
    return int(frame.labels[y + shift[1], x + shift[0] + (16 if name == "head" else 0)])


def painted(lines, colours):
    """A painting with one flat colour an area and shading of 10 levels in the left half."""
    areas = areas_of(lines)
    flat = np.asarray(colours, np.uint8)[areas.labels]
    colour = flat.copy()
    colour[:, : SIZE // 2] = np.maximum(flat[:, : SIZE // 2], 10) - 10
    return ColorResult(colour, flat, np.zeros(lines.shape, bool), areas.labels), areas
