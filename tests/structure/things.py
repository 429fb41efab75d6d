"""Line art of things with holes, and of things with parts that look like holes."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Point = tuple[int, int]

SIDE = 320


class Sketch:
    """Ink on a white page; what is drawn covers what lies behind it."""

    def __init__(self, width: int = 4) -> None:
        self.lines: Bytes = np.full((SIDE, SIDE), 255, np.uint8)
        self.width = width

    def box(self, first: Point, second: Point) -> "Sketch":
        cv2.rectangle(self.lines, first, second, 255, cv2.FILLED)
        cv2.rectangle(self.lines, first, second, 0, self.width)
        return self

    def oval(self, centre: Point, across: int, down: int) -> "Sketch":
        cv2.ellipse(self.lines, (centre, (2 * across, 2 * down), 0), 255, cv2.FILLED)
        cv2.ellipse(self.lines, (centre, (2 * across, 2 * down), 0), 0, self.width)
        return self

    def shape(self, *corners: Point) -> "Sketch":
        cv2.fillPoly(self.lines, [np.array(corners)], 255)
        cv2.polylines(self.lines, [np.array(corners)], True, 0, self.width)
        return self

    def limb(self, *way: Point, thick: int = 18) -> "Sketch":
        """A band of a thickness, px, along a way, with its outline."""
        cv2.polylines(self.lines, [np.array(way)], False, 0, thick + 2 * self.width)
        cv2.polylines(self.lines, [np.array(way)], False, 255, thick)
        return self

    def stroke(self, *way: Point) -> "Sketch":
        cv2.polylines(self.lines, [np.array(way)], False, 0, self.width)
        return self


def mug() -> Bytes:
    return Sketch().limb((180, 120), (250, 120), (250, 210), (180, 210)).box((70, 90), (200, 250)).lines


def teapot() -> Bytes:
    pot = Sketch().limb((90, 150), (40, 140), (40, 220), (90, 220), thick=14)
    return pot.shape((210, 220), (290, 120), (300, 140), (230, 250)).oval((160, 190), 85, 65).lines


def akimbo() -> Bytes:
    person = Sketch().box((135, 230), (158, 305)).box((162, 230), (185, 305)).box((125, 110), (195, 235))
    for side in (-1, 1):
        person.limb((160 + side * 28, 122), (160 + side * 95, 170), (160 + side * 32, 222), thick=16)
    return person.oval((160, 70), 34, 40).lines


def wheel() -> Bytes:
    rim = Sketch().oval((160, 160), 120, 120).oval((160, 160), 98, 98)
    for degrees in range(0, 180, 45):
        x, y = 106 * np.cos(np.radians(degrees)), 106 * np.sin(np.radians(degrees))
        rim.limb((round(160 - x), round(160 - y)), (round(160 + x), round(160 + y)), thick=8)
    return rim.oval((160, 160), 22, 22).lines


def chair() -> Bytes:
    seat = Sketch().box((90, 40), (108, 300)).box((212, 40), (230, 300))
    for top in (50, 110):
        seat.box((100, top), (220, top + 18))
    return seat.box((80, 180), (240, 204)).box((100, 250), (220, 264)).lines


def scissors() -> Bytes:
    pair = (
        Sketch().shape((150, 200), (200, 30), (214, 34), (180, 205)).shape((170, 205), (105, 34), (119, 30), (140, 200))
    )
    for x in (110, 210):
        pair.oval((x, 240), 46, 46).oval((x, 240), 28, 28)
    return pair.lines


def key() -> Bytes:
    bit = Sketch().box((140, 148), (290, 170)).box((240, 168), (256, 200)).box((268, 168), (284, 196))
    return bit.oval((95, 160), 60, 60).oval((95, 160), 34, 34).lines


def doughnut() -> Bytes:
    return Sketch().oval((160, 160), 120, 110).oval((160, 160), 45, 40).lines


def bag() -> Bytes:
    return Sketch().limb((110, 150), (115, 60), (205, 60), (210, 150), thick=16).box((70, 130), (250, 280)).lines


def glasses() -> Bytes:
    frame = Sketch().limb((130, 150), (190, 150), thick=8).limb((40, 150), (20, 120), thick=8)
    for x in (85, 235):
        frame.oval((x, 165), 60, 48).oval((x, 165), 48, 37)
    return frame.lines


def shield() -> Bytes:
    outer = ((60, 50), (260, 50), (260, 180), (160, 290), (60, 180))
    inner = ((82, 72), (238, 72), (238, 172), (160, 260), (82, 172))
    return Sketch().shape(*outer).shape(*inner).stroke((160, 72), (160, 260)).lines


def plate() -> Bytes:
    return Sketch().oval((160, 160), 130, 110).oval((160, 160), 105, 88).oval((160, 160), 60, 50).lines


def window() -> Bytes:
    frame = Sketch().box((70, 50), (250, 270)).box((90, 70), (230, 250))
    return frame.box((154, 70), (166, 250)).box((90, 154), (230, 166)).lines


def coat() -> Bytes:
    body = Sketch().shape((110, 80), (210, 80), (250, 290), (70, 290)).stroke((160, 80), (160, 290))
    for y in range(120, 280, 40):
        body.oval((172, y), 7, 7)
    for side in (-1, 1):
        body.shape((160 + side * 50, 80), (160 + side * 95, 220), (160 + side * 70, 230), (160 + side * 52, 150))
    return body.oval((160, 50), 32, 36).lines


def striped_shirt() -> Bytes:
    body = Sketch().shape((100, 80), (220, 80), (220, 280), (100, 280))
    for y in range(110, 280, 34):
        body.stroke((100, y), (220, y))
    return (
        body.shape((100, 80), (40, 150), (62, 172), (102, 130))
        .shape((220, 80), (280, 150), (258, 172), (218, 130))
        .lines
    )


def belly() -> Bytes:
    bear = Sketch().oval((110, 60), 24, 24).oval((210, 60), 24, 24).oval((100, 270), 34, 24).oval((220, 270), 34, 24)
    bear.oval((160, 200), 85, 80).oval((160, 215), 55, 52).oval((160, 95), 60, 55)
    return bear.oval((160, 112), 26, 18).oval((138, 82), 6, 6).oval((182, 82), 6, 6).lines


HOLES: dict[str, tuple[Callable[[], Bytes], list[Point]]] = {
    "mug": (mug, [(222, 165)]),
    "teapot": (teapot, [(62, 182)]),
    "akimbo": (akimbo, [(110, 170), (210, 170)]),
    "chair": (chair, [(160, 228)]),
    "bag": (bag, [(160, 100)]),
}
"""Things with holes between parts that border on the ground: how they are drawn, and where the holes are, (x, y)."""

RINGS: dict[str, tuple[Callable[[], Bytes], list[Point]]] = {
    "scissors": (scissors, [(110, 240), (210, 240)]),
    "key": (key, [(95, 160)]),
    "doughnut": (doughnut, [(160, 160)]),
    "glasses": (glasses, [(85, 165), (235, 165)]),
}
"""Things with a hole that one part alone encloses."""

PARTS: dict[str, Callable[[], Bytes]] = {
    "shield": shield,
    "plate": plate,
    "window": window,
    "wheel": wheel,
    "coat": coat,
    "striped shirt": striped_shirt,
    "belly": belly,
}
"""Things without a hole, and a wheel, which may as well be a window or a pie: its spokes border on no ground."""
