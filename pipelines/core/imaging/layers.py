"""Declares a picture in layers, as painting programs hold it.

Blend modes have the names of `blend_modes.MODES`. A layer may be smaller than the document: what it does not cover is
transparent. A layer without a pixel is there all the same, so that the layers of every document have the same names.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.core.imaging.arrays import U8, Index
from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: `picture` is uint8 RGBA (h, w, 4), straight alpha, at `left`, `top` px of the document; h, w >= 0."""

    name: str
    picture: U8
    left: int = 0
    top: int = 0
    mode: str = "normal"  # a blend mode
    opacity: float = 1.0  # 0..1
    visible: bool = True
    group: str | None = None  # layers of one group follow one another

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.picture.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.picture.shape[1])

    @property
    def is_empty(self) -> bool:
        """Whether it has no pixel."""
        return self.picture.size == 0


@dataclass(frozen=True, eq=False)
class Document:
    """Layers from bottom to top, and what they look like together."""

    width: int  # px
    height: int
    layers: tuple[Layer, ...]
    flattened: U8  # RGB (H, W, 3), or RGBA (H, W, 4) where the document has transparency
    metadata: PictureMetadata | None = None  # of the picture that it was made from

    @property
    def groups(self) -> tuple[tuple[str | None, tuple[Layer, ...]], ...]:
        """The layers in runs of one group, from bottom to top; None for layers of no group."""
        runs: list[tuple[str | None, tuple[Layer, ...]]] = []
        for layer in self.layers:
            if runs and runs[-1][0] == layer.group:
                runs[-1] = (layer.group, (*runs[-1][1], layer))
            else:
                runs.append((layer.group, (layer,)))
        return tuple(runs)


def cropped(name: str, picture: U8, *, mode: str = "normal", visible: bool = True) -> Layer:
    """Return a picture of the document's size, RGBA (H, W, 4), as a layer without its transparent margins."""
    seen = picture[..., 3] > 0
    rows, columns = _span(np.flatnonzero(seen.any(axis=1))), _span(np.flatnonzero(seen.any(axis=0)))
    part = np.ascontiguousarray(picture[rows, columns])
    return Layer(name, part, columns.start, rows.start, mode=mode, visible=visible)


def at_full_size(layer: Layer, document: Document) -> U8:
    """Return a layer's picture with its margins, uint8 RGBA (H, W, 4): transparent, in the colours at its border."""
    if layer.is_empty:
        return np.zeros((document.height, document.width, 4), np.uint8)
    rows = np.clip(np.arange(document.height) - layer.top, 0, layer.height - 1)
    columns = np.clip(np.arange(document.width) - layer.left, 0, layer.width - 1)
    picture = layer.picture[np.ix_(rows, columns)]
    inside = np.zeros(picture.shape[:2], bool)
    inside[layer.top : layer.top + layer.height, layer.left : layer.left + layer.width] = True
    picture[~inside, 3] = 0
    return picture


def _span(occupied: Index) -> slice:
    """Return the slice from the first to the last index that is occupied."""
    return slice(int(occupied[0]), int(occupied[-1]) + 1) if occupied.size else slice(0, 0)
