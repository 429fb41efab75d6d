"""Learns light, line colour and missing colours on top of flat fills; the model that comes with the toolkit.

`flat` lays the hints into the areas of the drawing. The network is given that picture and puts right what it lacks:

    c = k (f + u d_r + s) + (1 - k) e,    k = line art, 0 ink .. 1 paper

f: flat colour (white without hints), u: 1 where no hint lies in the area, d_r: a correction for area r, s: a shading
map, e: the colour of the ink, one for the picture. A smooth L1 distance holds c to the true picture: with plain L1 the
network never left s = 0, which is right in most pixels (docs/experiments.md).

1. A small U-Net sees the picture in cells of 4x4 px: encoder and decoder over 1/4, 1/8, 1/16 and 1/32 of the scale,
   attention over all of the picture at the smallest.
2. Areas are tokens: the mean of the features over each, its colour, size and place. They attend to one another, so
   that hints, twins and neighbours tell what colour an area without a hint has; what they find goes back to the cells.
3. Each token gives d_r, and points at the areas whose hinted colour its own area shares, at white, or at none of these.
   It also gives a distribution over 125 colours (the RGB cube, 5x5x5): what its colour might be, for variants and for
   pictures without hints. Both learn by cross-entropy where no hint tells.

Sources: this project; attention over regions after A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, colour
as a classification after R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016, pointing after
O. Vinyals, M. Fortunato, N. Jaitly, "Pointer Networks", NeurIPS 2015.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.core.errors import SettingsError
from pipelines.core.settings import check_number
from pipelines.models._batch import Batch, InputKind
from pipelines.models._filled import AREAS
from pipelines.models._guessing import LEVELS
from pipelines.models._players import Losses, Player, Scene

CELL = 4  # px of the side of a cell
_DEEPEST = 32  # px of the side of a place at the smallest scale
_SEEN = 6  # channels of the input that are pictures; the seventh says which area a pixel is in
_FACTS = 8  # of an area: colour, surety, marks, size, place
_HEADS = 4
_NEARLY = 0.1  # of a colour in [-1, 1]: smaller errors count by their square
_ALIKE = 0.12  # of a colour in [-1, 1]: colours that differ less in every channel are one
_NEVER = -1e4  # logit of what cannot be
_CLEAN = 0.9  # of line art in [-1, 1]: from there on it is paper


@dataclass(frozen=True)
class Params:
    """Settings of the network."""

    size: int = 256  # px: the longer side at which pictures are worked out, a multiple of 32
    width: int = 32  # channels at its first scale
    tokens: int = 96  # channels of an area's token
    layers: int = 2  # of attention between areas
    guess_weight: float = 0.02  # of the cross-entropy of areas' colours, against the distance to the true picture
    share_weight: float = 0.02  # of the cross-entropy of whose colour areas share

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("size", self.size, 32, 4096)
        check_number("width", self.width, 4, 1024)
        check_number("tokens", self.tokens, _HEADS, 4096)
        for name, step in {"size": _DEEPEST, "width": 2, "tokens": _HEADS}.items():
            if getattr(self, name) % step:
                raise SettingsError(f"{name} = {getattr(self, name)} is out of range", hint=f"Use a multiple of {step}")
        check_number("layers", self.layers, 0, 64)
        check_number("guess_weight", self.guess_weight, 0)
        check_number("share_weight", self.share_weight, 0)


PRESETS = {"standard": Params()}
RECIPES: dict[str, dict[str, object]] = {
    "standard": {
        "batch_size": 16,
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "epochs": 60,
        "constant": 0.4,
        "ema": 0.999,
        "hue": 0.5,
        "jitter": 0.12,
        "vary_hints": True,
        "vary_lines": 0.4,
    },
}


def input_kind(params: Params) -> InputKind:
    """What the painter is given, as `_batch.network_input` names it."""
    return "filled"


class Parts(NamedTuple):
    """What the network finds, in [-1, 1]."""

    fill: Tensor  # (B, 3, S, S): colour under the lines
    ink: Tensor  # (B, 3): the colour of the lines
    guesses: Tensor  # (B, AREAS + 1, 125): logits of each area's colour
    shares: Tensor  # (B, AREAS + 1, AREAS + 3): logits of whose hinted colour each area has; then white, none of these
    present: Tensor  # (B, AREAS + 1, 1): the share of the picture that an area has, 0 for those that are not there


class FillNet(nn.Module):
    """The network: (B, 7, S, S) of `_filled.stacked` to colour (B, 3, S, S), all in [-1, 1]."""

    checkpointing = False

    def __init__(self, params: Params) -> None:
        super().__init__()
        width, tokens = params.width, params.tokens
        wide = [width, 2 * width, 4 * width, 6 * width]
        self.cells = nn.PixelUnshuffle(CELL)
        self.stem = _conv(_SEEN * CELL**2, width, side=1)
        self.first = _conv(width, width)
        self.downs = nn.ModuleList(_conv(few, many, stride=2) for few, many in pairwise(wide))
        self.encoders = nn.ModuleList(Residual(many) for many in wide[1:])
        self.attention = Attention(wide[-1])
        self.ups = nn.ModuleList(_conv(many, few, side=1) for few, many in pairwise(wide))
        self.decoders = nn.ModuleList(Residual(few) for few in wide[:-1])
        self.to_tokens = nn.Linear(width + _FACTS, tokens)
        self.between = nn.ModuleList(Between(tokens) for _ in range(params.layers))
        self.correction = nn.Linear(tokens, 3)
        self.guess = nn.Linear(tokens, LEVELS**3)
        self.asking, self.telling = nn.Linear(tokens, tokens), nn.Linear(tokens, tokens)
        self.others = nn.Parameter(torch.randn(2, tokens) * 0.1)  # what white paper and none of the areas tell
        self.from_tokens = nn.Linear(tokens, width)
        self.ink = nn.Sequential(nn.Linear(wide[-1], tokens), nn.ReLU(), nn.Linear(tokens, 3))
        self.shading = nn.Conv2d(width, 3 * CELL**2, 3, padding=1)
        self.pixels = nn.PixelShuffle(CELL)
        for last in (self.correction, self.shading):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def forward(self, inputs: Tensor) -> Tensor:
        """The picture with its lines: (B, 3, S, S)."""
        parts = self.parts(inputs)
        return over_ink(parts.fill, parts.ink, inputs[:, :1])

    def parts(self, inputs: Tensor) -> Parts:
        """What the picture is made of."""
        pictures = inputs[:, :_SEEN]
        ranks = _ranks(inputs)
        features, deepest = self._seen(pictures)
        areas = functional.max_pool2d(ranks.float(), CELL).flatten(1)  # (B, cells)
        tokens, within, present = self._tokens(features, pictures, areas)
        for layer in self.between:
            tokens = layer(tokens, present)
        told = torch.einsum("bac,bat->btc", within, self.from_tokens(tokens))  # (B, width, cells)
        features = self.decoders[0](features + told.view_as(features))
        unknown = (pictures[:, 4:5] < 0.5).to(inputs.dtype)
        correction = self.correction(tokens).transpose(1, 2)  # (B, 3, AREAS + 1)
        spread = correction.gather(2, ranks.flatten(1).unsqueeze(1).expand(-1, 3, -1)).view_as(pictures[:, :3])
        fill = pictures[:, 1:4] + unknown * spread + self.pixels(self.shading(features))
        shares = self._shares(tokens, _hinted(pictures, within, present))
        return Parts(fill, self.ink(deepest).tanh(), self.guess(tokens), shares, present)

    def _shares(self, tokens: Tensor, hinted: Tensor) -> Tensor:
        """Whose colour each area has, (B, AREAS + 1, AREAS + 3), of those that are `hinted`, (B, AREAS + 1)."""
        told = torch.cat([self.telling(tokens), self.others.expand(tokens.shape[0], -1, -1)], 1)
        scores = torch.einsum("bat,bct->bac", self.asking(tokens), told) * tokens.shape[2] ** -0.5
        always = torch.ones_like(hinted[:, :2])
        masked: Tensor = scores.masked_fill(~torch.cat([hinted, always], 1).unsqueeze(1), _NEVER)
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
        within = (areas.unsqueeze(1) == numbers[:, None]).to(features.dtype)  # (B, AREAS + 1, cells)
        height, width = features.shape[2:]
        rows = torch.linspace(-1, 1, height, device=features.device).view(1, 1, height, 1)
        columns = torch.linspace(-1, 1, width, device=features.device).view(1, 1, 1, width)
        like = features[:, :1]
        facts = functional.avg_pool2d(pictures[:, 1:6], CELL)
        seen = torch.cat([features, facts, rows.expand_as(like), columns.expand_as(like)], 1).flatten(2)
        counts = within.sum(dim=2, keepdim=True)
        means = torch.einsum("bat,bct->bac", within, seen) / counts.clamp(min=1)
        present = counts / areas.shape[1]
        sizes = (present * 1000 + 1).log() / 4
        return self.to_tokens(torch.cat([means, sizes], 2)), within, present


class Residual(nn.Module):
    """Two convolutions beside an identity (He et al., "Deep Residual Learning", CVPR 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        nn.init.zeros_(self.second[1].weight)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        result: Tensor = features + self.second(self.first(features))
        return result


class Attention(nn.Module):
    """Attention between all places of a small map of features."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = Between(channels)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        places = features.flatten(2).transpose(1, 2)
        told: Tensor = self.layer(places, torch.ones_like(places[..., :1]))
        return told.transpose(1, 2).reshape(features.shape)


class Between(nn.Module):
    """A layer of a transformer, normalised before its two steps."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.before, self.then = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.asked, self.answered = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        self.thought = nn.Sequential(nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels))

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        """Tokens (B, N, C) to the same; nobody listens to those whose `present` (B, N, 1) is 0."""
        split = (
            self.asked(self.before(tokens)).unflatten(2, (3, _HEADS, -1)).permute(2, 0, 3, 1, 4)
        )  # (3, B, heads, N, C/heads)
        mask = (present > 0).transpose(1, 2).unsqueeze(1)  # (B, 1, 1, N)
        heard = functional.scaled_dot_product_attention(split[0], split[1], split[2], attn_mask=mask)
        tokens = tokens + self.answered(heard.transpose(1, 2).flatten(2))
        result: Tensor = tokens + self.thought(self.then(tokens))
        return result


def _hinted(pictures: Tensor, within: Tensor, present: Tensor) -> Tensor:
    """Which areas hold a hint, bool (B, AREAS + 1)."""
    surety = functional.avg_pool2d(pictures[:, 4:5], CELL).flatten(2).transpose(1, 2)  # (B, cells, 1)
    sums = torch.bmm(within, (surety > 0.5).to(within.dtype))
    known = sums > 0.5 * present * within.shape[2]
    known = known & (present > 0)
    return torch.cat([torch.zeros_like(known[:, :1, 0]), known[:, 1:, 0]], 1)


def build_painter(params: Params) -> FillNet:
    """The network with initial weights, in training mode."""
    return FillNet(params)


def over_ink(fill: Tensor, ink: Tensor, lines: Tensor) -> Tensor:
    """Colour (B, 3, S, S) under line art (B, 1, S, S) whose ink has a colour (B, 3); all in [-1, 1]."""
    paper = (lines + 1) / 2
    return paper * fill + (1 - paper) * ink[:, :, None, None]


class Model:
    """One player: the network against the true picture."""

    painter = "painter"
    unpaired = False

    def __init__(self, params: Params) -> None:
        self._params = params
        self.networks = nn.ModuleDict({"painter": build_painter(params)})
        self.players: tuple[Player, ...] = (Player("painter", ("painter",), self._loss),)

    def play(self, batch: Batch) -> Scene:
        """Colour for a batch; targets (B, 4, S, S) are the true picture and its line art before it was varied."""
        painter = self.networks["painter"]
        assert isinstance(painter, FillNet)
        parts = painter.parts(batch.inputs)
        fake = over_ink(parts.fill, parts.ink, batch.targets[:, 3:])
        return {"inputs": batch.inputs, "targets": batch.targets, "fake": fake} | {
            "guesses": parts.guesses,
            "shares": parts.shares,
        }

    def memory(self) -> dict[str, Tensor]:
        """Nothing is remembered beyond the network."""
        return {}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Nothing is remembered beyond the network."""

    def _loss(self, scene: Scene) -> Losses:
        distance = functional.smooth_l1_loss(scene["fake"], scene["targets"][:, :3], beta=_NEARLY)
        areas = _true_areas(scene["inputs"], scene["targets"])
        return {
            "distance": distance,
            "guess": self._params.guess_weight * _guess_loss(scene["guesses"], areas),
            "share": self._params.share_weight * _share_loss(scene["shares"], areas),
        }


class TrueAreas(NamedTuple):
    """What is true of areas."""

    colours: Tensor  # (B, AREAS + 1, 3): means over clean paper of the true picture
    fills: Tensor  # (B, AREAS + 1, 3): of the flat colour
    weight: Tensor  # (B, AREAS + 1): the root of the size of those without a hint, 0 of the others


def _true_areas(inputs: Tensor, targets: Tensor) -> TrueAreas:
    ranks = _ranks(inputs).flatten(1)  # (B, pixels)
    clean = (targets[:, 3:] > _CLEAN).to(inputs.dtype)
    hinted = (inputs[:, 4:5] > 0.5).to(inputs.dtype)
    seen = torch.cat([targets[:, :3], inputs[:, 1:4], hinted, torch.ones_like(clean)], 1) * clean
    sums = seen.new_zeros(len(inputs), AREAS + 1, 8)
    sums.scatter_add_(1, ranks.unsqueeze(2).expand(-1, -1, 8), seen.flatten(2).transpose(1, 2))
    size = sums[..., 7]
    means = sums / size.clamp(min=1).unsqueeze(2)
    weight = size.sqrt() * (means[..., 6] < 0.5)
    weight[:, 0] = 0
    return TrueAreas(means[..., :3], means[..., 3:6], weight)


def _guess_loss(guesses: Tensor, areas: TrueAreas) -> Tensor:
    """Cross-entropy of the colours of areas without a hint."""
    levels = ((areas.colours + 1) * (LEVELS - 1) / 2).round().long().clamp(0, LEVELS - 1)
    wanted = (levels[..., 0] * LEVELS + levels[..., 1]) * LEVELS + levels[..., 2]
    errors = functional.cross_entropy(guesses.transpose(1, 2).float(), wanted, reduction="none")
    return (errors * areas.weight).sum() / areas.weight.sum().clamp(min=1)


def _share_loss(shares: Tensor, areas: TrueAreas) -> Tensor:
    """Minus the logarithm of the odds of all that have an area's colour; of none where nobody has."""
    white = torch.ones_like(areas.fills[:, :1])
    offered = torch.cat([areas.fills, white], 1)  # (B, AREAS + 2, 3)
    alike = (areas.colours.unsqueeze(2) - offered.unsqueeze(1)).abs().amax(3) < _ALIKE
    alike = alike & (shares[..., :-1] > _NEVER)
    right = torch.cat([alike, ~alike.any(2, keepdim=True)], 2)
    errors = shares.logsumexp(2) - shares.masked_fill(~right, _NEVER).logsumexp(2)
    return (errors * areas.weight).sum() / areas.weight.sum().clamp(min=1)


def _ranks(inputs: Tensor) -> Tensor:
    """Which area each pixel is in, (B, 1, S, S), 0..AREAS."""
    return ((inputs[:, _SEEN:] + 1) * 127.5).round().long().clamp(0, AREAS)


def _conv(few: int, many: int, *, side: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(few, many, side, stride, side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(many), nn.ReLU(inplace=True))
