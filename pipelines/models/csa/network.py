"""Builds what paints: the generator, and beside it what looks at the hints for its attention."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.inference.encoding import LAYERS
from pipelines.models.csa import SIZE_MULTIPLE, Params
from pipelines.nn.attention.spatial_attention import HintNetwork, SpatialAttentionNet
from pipelines.nn.blocks import initialise
from pipelines.nn.pretrained.feature_networks import Vgg19

_HINT_CONVOLUTIONS = 12  # of VGG19, without the ReLU of the last: "the 12th layer", at an eighth of the size


class AttentionPainter(nn.Module):
    """Layers (B, 5, H, W) -> pictures (B, 3, H, W) in [-1, 1]; both sides are multiples of 16 px."""

    def __init__(self, generator: SpatialAttentionNet, hint_features: Vgg19 | HintNetwork | None) -> None:
        super().__init__()
        self.generator, self.hint_features = generator, hint_features

    @property
    def checkpointing(self) -> bool:
        """Whether the generator computes activations twice instead of keeping them."""
        return self.generator.checkpointing

    @checkpointing.setter
    def checkpointing(self, wanted: bool) -> None:
        self.generator.checkpointing = wanted

    def forward(self, layers: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) for layers (B, 5, H, W)."""
        painted: Tensor = self.generator(layers, self._features_of_hints(layers))
        return painted

    def outputs(self, layers: Tensor) -> tuple[Tensor, ...]:
        """The pictures, and where there is any the last block's attention as large as they, (B, 1, H, W) in [-1, 1]."""
        hints = self._features_of_hints(layers)
        if hints is None:
            return (self.generator(layers),)
        painted, attention = self.generator.with_attention(layers, hints)
        enlarged = functional.interpolate(attention, scale_factor=SIZE_MULTIPLE, mode="bilinear")
        return painted, enlarged * 2 - 1

    def _features_of_hints(self, layers: Tensor) -> Tensor | None:
        """(B, C, H / 8, W / 8); VGG19 sees the hints on mid grey, so that white ones are not like paper."""
        if self.hint_features is None:
            return None
        colours = layers[:, 1:4]  # 0 where there is no hint
        if isinstance(self.hint_features, Vgg19):
            with torch.no_grad():
                frozen: Tensor = self.hint_features(colours)
            return frozen
        learned: Tensor = self.hint_features(torch.cat([colours, (layers[:, 4:] + 1) / 2], 1))
        return learned


def build_painter(params: Params) -> AttentionPainter:
    """The painter with initial weights; those of VGG19 are still to be read from their file."""
    features = _build_hint_features(params)
    generator = SpatialAttentionNet(
        LAYERS.channels,
        width=params.width,
        blocks=params.blocks,
        hints=0 if features is None else features.channels,
        one_map=params.attention_channels == "one",
        shared=params.hint_convolutions == "shared",
    )
    initialise(generator)
    _widen_hints(generator, features)
    return AttentionPainter(generator, features)


def _widen_hints(generator: SpatialAttentionNet, features: Vgg19 | HintNetwork | None) -> None:
    """Draw what hints go through with He's deviation: no norm lies there, and with 0.02 little of them would arrive.

    Source: K. He et al., "Delving Deep into Rectifiers", ICCV 2015, equation 10.
    """
    ways: list[nn.Module] = [generator.hints, *([features] if isinstance(features, HintNetwork) else [])]
    for layer in (layer for way in ways for layer in way.modules()):
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


def _build_hint_features(params: Params) -> Vgg19 | HintNetwork | None:
    if not params.attention:
        return None
    if params.has_vgg_hints:
        return Vgg19(convolutions=_HINT_CONVOLUTIONS, width=params.vgg_width, activated=False)
    return HintNetwork()
