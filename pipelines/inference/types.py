"""What a model is given of one drawing, what it gives back, and what it says of itself: one shape for all models."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from pipelines.core.imaging.arrays import U8, Labels, Mask
from pipelines.core.imaging.blend_modes import shading_of
from pipelines.core.imaging.compositing import composite, multiply
from pipelines.flatting.areas import AreaMap
from pipelines.flatting.reading import LineReading
from pipelines.inference.encoding import Encoding
from pipelines.inference.letterbox import LEAST_HINT
from pipelines.structure.fill_rules import FillRules

HintPreset = Literal["fills", "discs"]
"""Which hints are found in references: small spots within areas for models that fill, discs as networks learn from."""


# what a model says of itself


@dataclass(frozen=True, kw_only=True)
class ModelTraits:
    """What a model can do, for those who do not know its name."""

    hint_preset: HintPreset = "fills"  # the hints that it is made for
    can_vary: bool = False  # it can colour a drawing in several ways
    finds_line_colour: bool = False  # it says which colour suits the lines
    steps: tuple[str, ...] = ()  # names of the intermediate pictures in its results
    is_light: bool = True  # it is done with a drawing fast: several at once gain nothing on a CPU
    is_exact: bool = False  # it chooses between colours, so that differences by rounding can turn into other colours

    @property
    def reads_hints(self) -> bool:
        """Whether hints change what it does."""
        return True


class Output(NamedTuple):
    """One of the tensors that a network gives."""

    name: str
    is_picture: bool = False  # (B, C, S, S), as large as the input; else (B, ...) of a fixed size


@dataclass(frozen=True, kw_only=True)
class NetworkSpec(ModelTraits):
    """What a model says of its network, without building it."""

    encoding: Encoding
    size: int  # px, the side of the square in which drawings are worked out, if it has no other frame
    size_multiple: int  # px: sides of pictures that the network takes are multiples of it
    least_size: int  # px: and no shorter
    outputs: tuple[Output, ...] = (Output("picture", is_picture=True),)
    least_hint: float = LEAST_HINT  # radius, a share of the side, to which smaller hints grow
    hint_preset: HintPreset = "discs"
    steps: tuple[str, ...] = ("input", "raw")
    is_light: bool = False
    frame: tuple[int, int] | None = None  # px, width and height in which it works, as it was trained; None: a square
    domains: tuple[str, ...] = ()  # names of the datasets that it learns from, in their order; (): no matter which
    paints_by_domain: bool = False  # whether its param `domain` chooses in which of them it paints
    square_only: bool = False  # its networks, those of training among them, take squares alone

    @property
    def reads_hints(self) -> bool:
        """Whether hints change what it does: not where its network reads line art alone."""
        return self.encoding.reads_hints

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height in which drawings are worked out, px."""
        return self.frame or (self.size, self.size)


# what it is given


@dataclass(frozen=True, eq=False)
class ColorGuide:
    """What says which colours go where; each may say nothing."""

    hints: U8  # RGBA (H, W, 4)
    palette: U8 | None = None  # (k, 3)

    @cached_property
    def has_hints(self) -> bool:
        """Whether there is any hint."""
        return bool(self.hints[..., 3].any())

    @property
    def deciding_palette(self) -> U8 | None:
        """The palette where it alone has a say: there is no hint."""
        return None if self.has_hints else self.offered_palette

    @property
    def offered_palette(self) -> U8 | None:
        """The palette where it has colours: for areas without a hint."""
        return None if self.palette is None or not len(self.palette) else self.palette


@dataclass(frozen=True)
class Drawing:
    """What is given for one drawing."""

    reading: LineReading  # what is read off its lines, worked out once for all models
    guides: Mapping[HintPreset, ColorGuide]
    rng: np.random.Generator
    snap: bool = True  # areas have their hint's exact colour where the hint lies
    vivid: bool = True  # drawings without any hint get lively colours; no: the likeliest, however grey
    shaded: bool = True  # areas may get light and shadow; no: flat colour alone, as of pixel art
    rules: FillRules = field(default_factory=FillRules)  # of the ground, and of areas that no hint lies on
    varied: bool = False  # another plausible colouring, by chance, instead of the likeliest

    @property
    def lines(self) -> U8:
        """The line drawing, (H, W), 0 = ink."""
        return self.reading.lines

    @property
    def areas(self) -> AreaMap:
        """The areas of the drawing at full size."""
        return self.reading.areas

    def variant(self) -> "Drawing":
        """The same drawing, to be coloured otherwise."""
        return replace(self, varied=True, rng=self.rng.spawn(1)[0])


# what it gives back


class Steps(Mapping[str, U8]):
    """Intermediate pictures by the model's names for them, each worked out when it is looked at."""

    def __init__(self, makers: Mapping[str, Callable[[], U8]] | None = None) -> None:
        self._makers = dict(makers or {})

    def __getitem__(self, name: str) -> U8:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass(frozen=True, eq=False)
class ColorResult:
    """Colour for one drawing, all at its size."""

    colour: U8  # RGB (H, W, 3), under the lines too
    flats: U8  # RGB (H, W, 3), the same without light and shadow inside areas
    background: Mask  # (H, W), the paper outside the figure
    areas: Labels  # (H, W), the area that each pixel is in, under the lines too; 0 where there is none
    ink: U8 = field(default_factory=lambda: np.zeros(3, np.uint8))  # RGB (3,), the colour that suits the lines
    steps: Mapping[str, U8] = field(default_factory=Steps)  # intermediate pictures
    line_art: U8 | None = None  # RGBA (H, W, 4), what lies on top; None: nothing
    is_multiplied: bool = False  # whether it multiplies the colour, as soft and grey ink does

    def with_steps(self, makers: Mapping[str, Callable[[], U8]]) -> "ColorResult":
        """The same with intermediate pictures, by functions that make them."""
        return replace(self, steps=Steps(makers))

    def with_further_steps(self, makers: Mapping[str, Callable[[], U8]]) -> "ColorResult":
        """The same with intermediate pictures beside those that it has."""
        before = {name: partial(self.steps.__getitem__, name) for name in self.steps}
        return self.with_steps({**before, **makers})

    @cached_property
    def shading(self) -> U8:
        """Light and shadow alone, RGB (H, W, 3): what the flats are multiplied by."""
        return shading_of(self.colour, self.flats)

    @cached_property
    def picture(self) -> U8:
        """The finished picture, RGB (H, W, 3): the line art over the colour."""
        if self.line_art is None:
            return self.colour
        return multiply(self.line_art, self.colour) if self.is_multiplied else composite(self.line_art, self.colour)


# the family


class ColorModel(Protocol):
    """What a file or package of `pipelines/models` holds.

    One that learns has `network_spec`, `build_network` and `build_task`, and may have a `predict(network, drawings)` of
    its own; one without weights has `TRAITS` and `predict(params, drawings)`.
    """

    Params: Any

    def predict(self, source: Any, drawings: Sequence[Drawing]) -> list[ColorResult]:
        """Colour drawings, a network all of them together."""
