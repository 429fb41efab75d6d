"""Builds what paints: the first generator, what prepares its inputs, and beside it the second one where it is kept."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.models.paintstorch import HINT_CELL, Params
from pipelines.nn.dilated_unet import DilatedUNet
from pipelines.nn.pretrained.feature_networks import Illustration2Vec


class Painter(nn.Module):
    """Layers (B, 5, H, W) -> pictures (B, 3, H, W) in [-1, 1]; both sides are multiples of 16 px."""

    def __init__(
        self, colours: DilatedUNet, *, features: Illustration2Vec | None = None, sketcher: DilatedUNet | None = None
    ) -> None:
        super().__init__()
        self.colours, self.features, self.sketcher = colours, features, sketcher

    @property
    def checkpointing(self) -> bool:
        """Whether the generators compute activations twice instead of keeping them."""
        return self.colours.checkpointing

    @checkpointing.setter
    def checkpointing(self, wanted: bool) -> None:
        for generator in (self.colours, self.sketcher):
            if generator is not None:
                generator.checkpointing = wanted

    def forward(self, layers: Tensor, features: Tensor | None = None, *, bounded: bool = True) -> Tensor:
        """Pictures (B, 3, H, W); `features`: what `local_features` gives, where they were worked out already.

        Not `bounded`: what the tanh at its end would be given, any numbers.
        """
        if features is None:
            features = self.local_features(layers)
        painted: Tensor = self.colours(layers[:, :1], hint_map(layers), features, bounded=bounded)
        return painted

    def outputs(self, layers: Tensor) -> tuple[Tensor, ...]:
        """The pictures, and where the second generator is kept the lines (B, 1, H, W) that it finds in them."""
        features = self.local_features(layers)
        painted = self(layers, features)
        if self.sketcher is None:
            return (painted,)
        return painted, self.sketcher(painted, hint_map(layers), features)

    def local_features(self, layers: Tensor) -> Tensor | None:
        """Features of the lines, (B, C, H / 16, W / 16), without a gradient; None where it has none."""
        if self.features is None:
            return None
        with torch.no_grad():
            seen: Tensor = self.features(layers[:, :1])
        return seen


def hint_map(layers: Tensor) -> Tensor:
    """Hints at a quarter of the size, (B, 4, H / 4, W / 4), from layers (B, 5, H, W).

    Mean red, green, blue of the hinted pixels in each cell of 4x4, in [-1, 1], 0 in a cell without any; then the share
    of hinted pixels, in [0, 1] (PaintsTorch, section 3.2.3).
    """
    colour = functional.avg_pool2d(layers[:, 1:4], HINT_CELL)  # 0 where there is no hint
    share = functional.avg_pool2d((layers[:, 4:] + 1) / 2, HINT_CELL)
    return torch.cat([colour / share.clamp(min=1 / HINT_CELL**2), share], 1)


def build_painter(params: Params) -> Painter:
    """The painter with initial weights; those of the features are still to be read from their file."""
    return Painter(
        build_generator(params, 1, 3),
        features=Illustration2Vec(width=params.features_width) if params.has_features else None,
        sketcher=build_generator(params, 3, 1) if params.keep_sketcher else None,
    )


def build_generator(params: Params, inputs: int, outputs: int) -> DilatedUNet:
    """One of the generators: the first paints lines (1 -> 3 channels), the second finds lines again (3 -> 1)."""
    return DilatedUNet(inputs, outputs, features=feature_channels(params), width=params.width, blocks=params.blocks)


def feature_channels(params: Params) -> int:
    """Channels of the features of the lines; 0 where there are none."""
    return Illustration2Vec.widths()[-1] * params.features_width if params.has_features else 0
