"""At which size a network sees a picture."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Fit = Literal["auto", "own", "longer", "shorter", "square", "pad"]

_LEAST = 64  # px: less is padded, since networks that halve and mirror need some pixels to do it with


class Fitted(NamedTuple):
    """Sizes (height, width) in px."""

    picture: tuple[int, int]  # to which the picture is resized
    frame: tuple[int, int]  # what the network is to read, the picture in its upper left corner
    tile: tuple[int, int]  # what it reads at once


@dataclass(frozen=True)
class SizeRule:
    """own: the picture's size; longer, shorter: that side becomes `size`; square: stretched to it; pad: fitted into it.

    auto is own, or pad for a network of one size, which its file says. Sides are padded to a multiple of `multiple`.
    """

    fit: Fit = "auto"
    size: int = 512
    multiple: int = 32
    tile: int = 768

    def fitted(self, picture: tuple[int, int], fixed: tuple[int, int] | None) -> Fitted:
        """The sizes for a picture (height, width) and a network that reads `fixed` alone, or any size."""
        fit = self.fit if self.fit != "auto" else ("own" if fixed is None else "pad")
        square = fixed or (self.size, self.size)
        shape = self._resized(picture, fit, square)
        if fit in ("square", "pad"):
            return Fitted(shape, square, square)
        largest = fixed or (_down(self.tile, self.multiple),) * 2
        least = fixed or (_LEAST, _LEAST)
        frame = tuple(
            max(_up(side, self.multiple), _up(low, self.multiple)) for side, low in zip(shape, least, strict=True)
        )
        if fixed is not None:
            return Fitted(shape, (max(shape[0], fixed[0]), max(shape[1], fixed[1])), fixed)
        return Fitted(shape, (frame[0], frame[1]), (min(frame[0], largest[0]), min(frame[1], largest[1])))

    def _resized(self, picture: tuple[int, int], fit: Fit, square: tuple[int, int]) -> tuple[int, int]:
        height, width = picture
        if fit == "own":
            return picture
        if fit == "square":
            return square
        scale = {
            "longer": self.size / max(picture),
            "shorter": self.size / min(picture),
            "pad": min(square[0] / height, square[1] / width),
        }[fit]
        return max(1, round(height * scale)), max(1, round(width * scale))


def _up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _down(length: int, multiple: int) -> int:
    return max(1, length // multiple) * multiple
