"""A figure with small parts, as a line drawing and finished: what references are made of."""

import cv2
import numpy as np

SKIN, HAIR, COAT, IRIS, BUTTON, WHITE = (
    (250, 215, 185),
    (150, 40, 30),
    (60, 90, 170),
    (40, 150, 60),
    (220, 30, 30),
    (255, 255, 255),
)
SIZE = 256
PLACES = {
    "hair": (128, 35),
    "face": (128, 105),
    "eye": (98, 90),
    "iris": (108, 90),
    "coat": (80, 190),
    "button": (128, 180),
}
COLOURS = {"hair": HAIR, "face": SKIN, "eye": WHITE, "iris": IRIS, "coat": COAT, "button": BUTTON}


def figure(*, shadow=False, lines=True, turn=0):
    """Line art, uint8 (256, 256), and its colouring, uint8 RGB; turn: px by which the face and the coat move apart."""
    art = np.full((SIZE, SIZE), 255, np.uint8)
    colour = np.full((SIZE, SIZE, 3), 255, np.uint8)

    def part(points, paint):
        polygon = np.array(points, np.int32)
        cv2.fillPoly(colour, [polygon], paint)
        if shadow and paint in (SKIN, COAT):
            half = np.zeros(art.shape, np.uint8)
            cv2.fillPoly(half, [polygon], 1)
            half[:, :150] = 0
            colour[half > 0] = np.array(paint) * 7 // 10
        cv2.fillPoly(art, [polygon], 255)
        cv2.polylines(art, [polygon], True, 0, 2)
        if lines:
            cv2.polylines(colour, [polygon], True, (0, 0, 0), 2)

    part([(50, 150 + turn), (206, 150), (226, 240), (30, 240)], COAT)
    part([(60, 60), (128, 15), (196, 60), (196, 140), (60, 140)], HAIR)
    part([(80, 60), (176, 60), (176, 125), (128, 145), (80, 125)], SKIN)
    for left in (92, 136):
        part([(left, 80), (left + 28, 80), (left + 28, 100), (left, 100)], WHITE)
        part([(left + 11, 80), (left + 21, 80), (left + 21, 100), (left + 11, 100)], IRIS)
    part([(122, 174), (134, 174), (134, 186), (122, 186)], BUTTON)
    return art, colour


def at(picture, name):
    """What lies in a part."""
    x, y = PLACES[name]
    return tuple(int(level) for level in picture[y, x][:3])
