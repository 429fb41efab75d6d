"""Builds the generator of CSA: residual blocks whose change is weighed place by place, after features of the hints.

Source: M. Yuan, E. Simo-Serra, "Line Art Colorization with Concatenated Spatial Attention", CVPR Workshops 2021,
section 3. The paper gives no channels: widths are those of pix2pixHD up to a cap of 512, and the three convolutions of
the hint features are shared by all blocks, as in H. Kim et al., "Tag2Pix", ICCV 2019, on which the block builds.
"""

from torch import Tensor, nn

from pipelines.nn.blocks import join, recomputed

_WIDEST = 8  # times the base width: no scale has more channels
_SCALES = 4  # halvings before the blocks
_HINTS = 4  # times the base width: channels of the hint features that blocks are given


class SpatialAttentionBlock(nn.Module):
    """Features x and hint features h of one size to x + r(x) * a(r, h): a residual block with attention.

    r = IN(conv(ReLU(IN(conv(x))))),  a = sigmoid(conv(ReLU(conv([r, h])))),  convolutions of 3x3.
    `maps`: channels of a, as many as x has or one for all. hints: channels of h; 0: a plain residual block, a = 1.
    """

    def __init__(self, channels: int, *, hints: int, maps: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            _conv(channels, channels),
            nn.InstanceNorm2d(channels),
            nn.ReLU(inplace=True),
            _conv(channels, channels),
            nn.InstanceNorm2d(channels),
        )
        self.attention = (
            nn.Sequential(_conv(channels + hints, channels), nn.ReLU(inplace=True), _conv(channels, maps), nn.Sigmoid())
            if hints
            else None
        )

    def forward(self, features: Tensor, hints: Tensor | None = None) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        change: Tensor = self.residual(features)
        if self.attention is None or hints is None:
            return features + change
        weighed: Tensor = features + change * self.attention(join(change, hints))
        return weighed

    def attend(self, features: Tensor, hints: Tensor) -> tuple[Tensor, Tensor]:
        """What `forward` gives, and the attention, (B, 1, H, W) in [0, 1], the mean over its channels."""
        assert self.attention is not None
        change = self.residual(features)
        attention = self.attention(join(change, hints))
        return features + change * attention, attention.mean(1, keepdim=True)


class HintNetwork(nn.Module):
    """Learned features of hints: (B, 4, H, W), colour in [-1, 1] and mask in [0, 1], to (B, 64, H / 8, W / 8).

    In the place of VGG19's where no file of its weights is given; not the paper's.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((4, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.ReLU(inplace=True)]
        self.model = nn.Sequential(*layers[:-1])  # both signs, as VGG19's before its ReLU
        self.channels = 64

    def forward(self, hints: Tensor) -> Tensor:
        """(B, 4, H, W) -> (B, 64, H / 8, W / 8)."""
        features: Tensor = self.model(hints)
        return features


class SpatialAttentionNet(nn.Module):
    """U-Net of four scales with `blocks` residual blocks in the middle, for sides that are multiples of 16 px.

    (B, inputs, H, W) and features of the hints (B, hints, H / 8, W / 8) -> (B, 3, H, W) in [-1, 1]. `width` is the
    number of channels at full size. hints: 0 leaves attention out. `one_map`: one attention for all channels.
    `shared`: all blocks are given the same three convolutions of the hint features; else each has its own.
    """

    def __init__(
        self,
        inputs: int,
        *,
        width: int = 64,
        blocks: int = 8,
        hints: int = 512,
        one_map: bool = False,
        shared: bool = True,
    ) -> None:
        super().__init__()
        self.checkpointing = False  # True: less memory in training, about a third more time
        channels = [width * min(2**scale, _WIDEST) for scale in range(_SCALES + 1)]
        deepest = channels[-1]
        self.first = nn.Sequential(nn.Conv2d(inputs, width, 7, padding=3), *_activated(width))
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels[scale], channels[scale + 1], 4, 2, 1), *_activated(channels[scale + 1]))
            for scale in range(_SCALES)
        )
        reduced = _HINTS * width if hints else 0
        self.hints = nn.ModuleList(_reduce_hints(hints, reduced) for _ in range(_stacks(hints, blocks, shared)))
        self.blocks = nn.ModuleList(
            SpatialAttentionBlock(deepest, hints=reduced, maps=1 if one_map else deepest) for _ in range(blocks)
        )
        self.up = nn.ModuleList(_up(channels, scale) for scale in reversed(range(_SCALES)))
        self.last = nn.Sequential(nn.Conv2d(2 * width, 3, 7, padding=3), nn.Tanh())

    def forward(self, pictures: Tensor, hints: Tensor | None = None) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1]; hints: their features."""
        features, skips = self._descend(pictures)
        features = self._through_blocks(features, self._reduced(hints))
        return self._ascend(features, skips)

    def with_attention(self, pictures: Tensor, hints: Tensor) -> tuple[Tensor, Tensor]:
        """What `forward` gives, and the last block's attention, (B, 1, H / 16, W / 16) in [0, 1]."""
        features, skips = self._descend(pictures)
        reduced = self._reduced(hints)
        for number, block in enumerate(self.blocks[:-1]):
            features = block(features, _for_block(reduced, number))
        last = self.blocks[-1]
        assert isinstance(last, SpatialAttentionBlock)
        features, attention = last.attend(features, reduced[-1])
        return self._ascend(features, skips), attention

    def _descend(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Features at a sixteenth of the size, and those of each larger one, from the full size on."""
        features, skips = self.first(pictures), []
        for down in self.down:
            skips.append(features)
            features = self._run(down, features)
        return features, skips

    def _reduced(self, hints: Tensor | None) -> list[Tensor]:
        return [] if hints is None else [reduce(hints) for reduce in self.hints]

    def _through_blocks(self, features: Tensor, hints: list[Tensor]) -> Tensor:
        for number, block in enumerate(self.blocks):
            features = self._run(block, features, *([_for_block(hints, number)] if hints else []))
        return features

    def _ascend(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        features = self.up[0](features)
        for up, skip in zip(self.up[1:], reversed(skips[1:]), strict=True):
            features = self._run(up, join(features, skip))
        picture: Tensor = self.last(join(features, skips[0]))
        return picture

    def _run(self, part: nn.Module, *inputs: Tensor) -> Tensor:
        if self.checkpointing and self.training:
            return recomputed(part, *inputs, norms=part)
        features: Tensor = part(*inputs)
        return features


def _stacks(hints: int, blocks: int, shared: bool) -> int:
    return (1 if shared else blocks) if hints else 0


def _for_block(hints: list[Tensor], number: int) -> Tensor:
    """The hint features that a block is given: its own, or the only ones."""
    return hints[number if len(hints) > 1 else 0]


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def _activated(channels: int) -> list[nn.Module]:
    return [nn.InstanceNorm2d(channels), nn.ReLU(inplace=True)]


def _reduce_hints(inputs: int, outputs: int) -> nn.Sequential:
    """Features at an eighth of the size to those at a sixteenth: three convolutions."""
    first = nn.Conv2d(inputs, outputs, 3, 2, 1)
    layers = [first, nn.ReLU(inplace=True), _conv(outputs, outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, _conv(outputs, outputs), nn.ReLU(inplace=True))


def _up(channels: list[int], scale: int) -> nn.Sequential:
    """To twice the size; all but the innermost are given the skip of their size too."""
    below = channels[scale + 1]
    inputs = below if scale == _SCALES - 1 else 2 * below
    return nn.Sequential(nn.ConvTranspose2d(inputs, channels[scale], 4, 2, 1), *_activated(channels[scale]))
