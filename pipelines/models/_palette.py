"""Shares the colours of a palette out among regions when nothing says which region has which.

Regions that look like twins (eyes, ears, horns: as large, as wide, at one height) are one class. The classes choose in the
order of their area, each the colour that is due: colours are due in the order of the palette, a colour less the more
area it has, and not at all beside a neighbour that has it. Small areas around a spot of ink are eyes and stay white.
"""

import colorsys

import numpy as np
from numpy.typing import NDArray

from pipelines.models._region_facts import Facts, unlikeness

ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_TWINS = 0.5  # the greatest unlikeness of twins
_LEVEL = 0.04  # of the picture's height: twins are at one height
_MOST_COMPARED = 400  # regions, the largest, among which twins are looked for
_FADING = 0.62  # how much less of the picture each further colour of a palette is due
_CHANCE = 0.25  # how far chance bends what is due
