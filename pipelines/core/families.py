"""What the methods of each family hold, as protocols, and `load`, which gives one of them by its name.

A method is a file or package of `pipelines/FAMILY/`. The models' protocol stands in `inference/types.py`, the metrics'
in `metrics/base/metric.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, overload

import numpy as np

from pipelines.core import registry
from pipelines.core.imaging.arrays import U8, Labels
from pipelines.core.imaging.layers import Document


class LineExtractor(Protocol):
    """A method of `lines`."""

    Params: Any  # frozen dataclass, as in each family here that has settings

    def extract(self, image: U8, params: Any, rng: np.random.Generator) -> U8:
        """Return the lines of a picture, uint8 RGB (H, W, 3), as a drawing, uint8 (H, W), 0 = ink, 255 = paper."""


class MethodWithFile(Protocol):
    """What a method holds beside, if what it gives depends on a file of its own, such as the weights of a network.

    It is pure all the same: its Params hold the file's digest, and another file is refused.
    """

    def identify(self, params: Any) -> Any:
        """Return the params with the digest of their file, without opening it; UsageError where it is missing."""

    def make_ready(self, params: Any) -> None:
        """Open the file, once in a process; UsageError where it cannot be used. Called where there is work to do."""


class HintMethod(Protocol):
    """A method of `hints`."""

    Params: Any

    def place(self, image: U8, alpha: U8 | None, params: Any, rng: np.random.Generator) -> U8:
        """Return hints, uint8 RGBA (H, W, 4), alpha 0 or 255, for a picture, uint8 RGB (H, W, 3), and its alpha."""


class RegionMethod(Protocol):
    """A method of `regions`."""

    Params: Any

    def segment(self, lines: U8, params: Any) -> Labels:
        """Return the regions of a drawing, uint8 (H, W), 0 = ink, as int32 (H, W), 0 = ink, 1..n = region."""


class LayerFormat(Protocol):
    """A method of `exports`: a format that holds a picture in layers."""

    def files(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the endings that the files of a document add to a picture's name; `names` are those of its layers."""

    def write(self, document: Document) -> Mapping[str, bytes]:
        """Return the files by their endings, in the order of `files`; MethodError for what the format cannot hold."""


@overload
def load(family: Literal["lines"], name: str) -> LineExtractor: ...
@overload
def load(family: Literal["hints"], name: str) -> HintMethod: ...
@overload
def load(family: Literal["regions"], name: str) -> RegionMethod: ...
@overload
def load(family: Literal["exports"], name: str) -> LayerFormat: ...
def load(family: str, name: str) -> Any:
    """Import one method of a family; raises UsageError that lists the choices for an unknown name."""
    return registry.load(family, name)


def has_file(family: str, name: str) -> bool:
    """Whether a method is one with a file of its own."""
    return hasattr(registry.load(family, name), "make_ready")


def make_ready(family: str, name: str, params: Any) -> None:
    """Open the file of a method that has one of its own; raises UsageError where it cannot be used."""
    method = registry.load(family, name)
    if hasattr(method, "make_ready"):
        method.make_ready(params)
