"""The network of fillnet: a small U-Net over cells, attention between areas, colour, shading and ink."""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.models.fillnet import HEADS, Params
from pipelines.models.fillnet.colour_sampling import LEVELS
from pipelines.models.fillnet.inputs import AREAS

CELL = 4  # px of the side of a cell
PICTURE_CHANNELS = 6  # channels of the input that are pictures; the seventh says which area a pixel is in
_FACTS = 8  # of an area: colour, confidence, marks, size, place
NEVER = -1e4  # logit of what cannot be


class FillNetTensors(NamedTuple):
    """What the network finds, in [-1, 1]."""

    fill: Tensor  # (B, 3, S, S): colour under the lines
    ink: Tensor  # (B, 3): the colour of the lines
    colour_logits: Tensor  # (B, AREAS + 1, 125): logits of each area's colour
    copy_logits: Tensor  # (B, AREAS + 1, AREAS + 3): whose hinted colour each area has; then white, none of these
    area_fraction: (
        Tensor  # (B, AREAS + 1, 1): the share of the picture that an area has, 0 for those that are not there
    )


class FillNet(nn.Module):
    """The network: (B, 7, S, S) of `inputs.stack_channels` to colour (B, 3, S, S), all in [-1, 1]."""

    checkpointing = False

    def __init__(self, params: Params) -> None:
        super().__init__()
        width, tokens = params.width, params.tokens
        wide = [width, 2 * width, 4 * width, 6 * width]
        self.cells = nn.PixelUnshuffle(CELL)
        self.stem = _conv(PICTURE_CHANNELS * CELL**2, width, side=1)
        self.first = _conv(width, width)
        self.downs = nn.ModuleList(_conv(few, many, stride=2) for few, many in pairwise(wide))
        self.encoders = nn.ModuleList(Residual(many) for many in wide[1:])
        self.attention = GlobalAttention(wide[-1])
        self.ups = nn.ModuleList(_conv(many, few, side=1) for few, many in pairwise(wide))
        self.decoders = nn.ModuleList(Residual(few) for few in wide[:-1])
        self.to_tokens = nn.Linear(width + _FACTS, tokens)
        self.blocks = nn.ModuleList(TransformerBlock(tokens) for _ in range(params.layers))
        self.correction = nn.Linear(tokens, 3)
        self.colour = nn.Linear(tokens, LEVELS**3)
        self.query, self.key = nn.Linear(tokens, tokens), nn.Linear(tokens, tokens)
        self.null_keys = nn.Parameter(torch.randn(2, tokens) * 0.1)  # what white paper and none of the areas tell
        self.from_tokens = nn.Linear(tokens, width)
        self.ink = nn.Sequential(nn.Linear(wide[-1], tokens), nn.ReLU(), nn.Linear(tokens, 3))
        self.shading = nn.Conv2d(width, 3 * CELL**2, 3, padding=1)
        self.pixels = nn.PixelShuffle(CELL)
        for last in (self.correction, self.shading):
            for parameter in last.parameters():
                nn.init.zeros_(parameter)

    def forward(self, inputs: Tensor) -> Tensor:
        """The picture with its lines: (B, 3, S, S)."""
        tensors = self.tensors(inputs)
        return over_ink(tensors.fill, tensors.ink, inputs[:, :1])

    def outputs(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """What the network is run for: fill, ink, logits of colours and of copies."""
        return self.tensors(inputs)[:4]

    def tensors(self, inputs: Tensor) -> FillNetTensors:
        """What the picture is made of."""
        pictures = inputs[:, :PICTURE_CHANNELS]
        ranks = area_ranks(inputs)
        features, deepest = self._seen(pictures)
        areas = functional.max_pool2d(ranks.float(), CELL).flatten(1)  # (B, cells)
        tokens, assignment, area_fraction = self._tokens(features, pictures, areas)
        for block in self.blocks:
            tokens = block(tokens, area_fraction)
        context = torch.einsum("bac,bat->btc", assignment, self.from_tokens(tokens))  # (B, width, cells)
        features = self.decoders[0](features + context.view_as(features))
        unknown = (pictures[:, 4:5] < 0.5).to(inputs.dtype)
        correction = self.correction(tokens).transpose(1, 2)  # (B, 3, AREAS + 1)
        spread = correction.gather(2, ranks.flatten(1).unsqueeze(1).expand(-1, 3, -1)).view_as(pictures[:, :3])
        fill = pictures[:, 1:4] + unknown * spread + self.pixels(self.shading(features))
        copy_logits = self._copy_logits(tokens, hinted_areas(pictures, assignment, area_fraction))
        return FillNetTensors(fill, self.ink(deepest).tanh(), self.colour(tokens), copy_logits, area_fraction)

    def _copy_logits(self, tokens: Tensor, hinted: Tensor) -> Tensor:
        """Whose colour each area has, (B, AREAS + 1, AREAS + 3), of those that are `hinted`, (B, AREAS + 1)."""
        keys = torch.cat([self.key(tokens), self.null_keys.expand(tokens.shape[0], -1, -1)], 1)
        scores = torch.einsum("bat,bct->bac", self.query(tokens), keys) * tokens.shape[2] ** -0.5
        always = torch.ones_like(hinted[:, :2])
        masked: Tensor = scores.masked_fill(~torch.cat([hinted, always], 1).unsqueeze(1), NEVER)
        return masked

    def _seen(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Features of the cells, (B, width, S/4, S/4), before the last decoder, and of the whole picture, (B, C)."""
        features = self.first(self.stem(self.cells(pictures)))
        passed = []
        for down, encoder in zip(self.downs, self.encoders, strict=True):
            passed.append(features)
            features = encoder(down(features))
        features = self.attention(features)
        deepest = features.mean(dim=(2, 3))
        for number in (2, 1, 0):
            features = functional.interpolate(self.ups[number](features), scale_factor=2.0) + passed[number]
            if number:
                features = self.decoders[number](features)
        return features, deepest

    def _tokens(self, features: Tensor, pictures: Tensor, areas: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Areas as tokens (B, AREAS + 1, C), which cell is in which (B, AREAS + 1, cells), their shares of it all."""
        numbers = torch.arange(AREAS + 1, device=areas.device, dtype=areas.dtype)
        assignment = (areas.unsqueeze(1) == numbers[:, None]).to(features.dtype)  # (B, AREAS + 1, cells)
        height, width = features.shape[2:]
        rows = torch.linspace(-1, 1, height, device=features.device).view(1, 1, height, 1)
        columns = torch.linspace(-1, 1, width, device=features.device).view(1, 1, 1, width)
        like = features[:, :1]
        facts = functional.avg_pool2d(pictures[:, 1:6], CELL)
        seen = torch.cat([features, facts, rows.expand_as(like), columns.expand_as(like)], 1).flatten(2)
        counts = assignment.sum(dim=2, keepdim=True)
        means = torch.einsum("bat,bct->bac", assignment, seen) / counts.clamp(min=1)
        area_fraction = counts / areas.shape[1]
        sizes = (area_fraction * 1000 + 1).log() / 4
        return self.to_tokens(torch.cat([means, sizes], 2)), assignment, area_fraction


class Residual(nn.Module):
    """Two convolutions beside an identity (He et al., "Deep Residual Learning", CVPR 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        norm = nn.BatchNorm2d(channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), norm)
        nn.init.zeros_(norm.weight)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        result: Tensor = features + self.second(self.first(features))
        return result


class GlobalAttention(nn.Module):
    """Attention between all places of a small map of features."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = TransformerBlock(channels)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        places = features.flatten(2).transpose(1, 2)
        context: Tensor = self.layer(places, torch.ones_like(places[..., :1]))
        return context.transpose(1, 2).reshape(features.shape)


class TransformerBlock(nn.Module):
    """A layer of a transformer, normalised before its two steps."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.qkv, self.proj = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        self.mlp = nn.Sequential(nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels))

    def forward(self, tokens: Tensor, area_fraction: Tensor) -> Tensor:
        """Tokens (B, N, C) to the same; nobody attends to those whose `area_fraction` (B, N, 1) is 0."""
        split = (
            self.qkv(self.norm1(tokens)).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        )  # (3, B, heads, N, C/heads)
        mask = (area_fraction > 0).transpose(1, 2).unsqueeze(1)  # (B, 1, 1, N)
        attended = functional.scaled_dot_product_attention(split[0], split[1], split[2], attn_mask=mask)
        tokens = tokens + self.proj(attended.transpose(1, 2).flatten(2))
        result: Tensor = tokens + self.mlp(self.norm2(tokens))
        return result


def hinted_areas(pictures: Tensor, assignment: Tensor, area_fraction: Tensor) -> Tensor:
    """Which areas hold a hint, bool (B, AREAS + 1)."""
    confidence = functional.avg_pool2d(pictures[:, 4:5], CELL).flatten(2).transpose(1, 2)  # (B, cells, 1)
    sums = torch.bmm(assignment, (confidence > 0.5).to(assignment.dtype))
    known = sums > 0.5 * area_fraction * assignment.shape[2]
    known = known & (area_fraction > 0)
    return torch.cat([torch.zeros_like(known[:, :1, 0]), known[:, 1:, 0]], 1)


def over_ink(fill: Tensor, ink: Tensor, lines: Tensor) -> Tensor:
    """Colour (B, 3, S, S) under line art (B, 1, S, S) whose ink has a colour (B, 3); all in [-1, 1]."""
    paper = (lines + 1) / 2
    return paper * fill + (1 - paper) * ink[:, :, None, None]


def area_ranks(inputs: Tensor) -> Tensor:
    """Which area each pixel is in, (B, 1, S, S), 0..AREAS."""
    return ((inputs[:, PICTURE_CHANNELS:] + 1) * 127.5).round().long().clamp(0, AREAS)


def _conv(few: int, many: int, *, side: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(few, many, side, stride, side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(many), nn.ReLU(inplace=True))
