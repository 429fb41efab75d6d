"""Builds the first layers of public networks whose features others look at, and which never learn.

VGG and Illustration2Vec. Weights have the names of torchvision, `features.N.weight`; `feature_files.py` reads
them. Sources: K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR
2015, table 1; M. Saito, Y. Matsui, "Illustration2Vec: A Semantic Vector Representation of Illustrations", SIGGRAPH Asia
Technical Briefs 2015.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.frozen import FrozenNetwork, freeze

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of what VGG was trained on, 0..1

_I2V_MEAN = (164.7614, 167.4786, 181.1384)  # of what Illustration2Vec was trained on, 0..255 (public code of AlacGAN)


class FeatureNetwork(FrozenNetwork, ABC):
    """The first `convolutions` of a network of 3x3 convolutions, ReLUs and poolings; the last ReLU can be left out.

    `width` is the number of channels of the first block, 64 in the public files.
    """

    label: ClassVar[str]
    blocks: ClassVar[tuple[tuple[int, int], ...]]  # convolutions, and their channels in widths; pooling comes between
    is_whole: ClassVar[bool] = True  # whether these are all of the public network's convolutions

    def __init__(self, *, convolutions: int, width: int = 64, activated: bool = True) -> None:
        super().__init__()
        self.width = width
        layers: list[nn.Module] = []
        before = 3
        for times, pooled in list(self._plan())[:convolutions]:
            layers += [nn.MaxPool2d(2)] if pooled else []
            layers += [nn.Conv2d(before, times * width, 3, padding=1), nn.ReLU(inplace=True)]
            before = times * width
        self.features = nn.Sequential(*(layers if activated else layers[:-1]))
        self.channels = before  # of what it gives
        freeze(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """What the last layer gives, (B, `channels`, H', W')."""
        features: Tensor = self.features(self.prepare(pictures))
        return features

    def activations(self, pictures: Tensor, after: Collection[int]) -> list[Tensor]:
        """What the ReLUs after some convolutions give, counted from 1, from the first to the last."""
        kept, count, features = [], 0, self.prepare(pictures)
        for layer in self.features:
            features = layer(features)
            if isinstance(layer, nn.ReLU):
                count += 1
                if count in after:
                    kept.append(features)
        return kept

    @abstractmethod
    def prepare(self, pictures: Tensor) -> Tensor:
        """Pictures in [-1, 1] as the network was trained on them."""

    @classmethod
    def positions(cls) -> tuple[int, ...]:
        """Where the convolutions of the whole network stand in its sequence of layers: the numbers in their names."""
        places, layer = [], 0
        for _, pooled in cls._plan():
            layer += pooled
            places.append(layer)
            layer += 2  # with its ReLU
        return tuple(places)

    @classmethod
    def widths(cls) -> tuple[int, ...]:
        """Channels of each convolution of the whole network, in widths."""
        return tuple(times for times, _ in cls._plan())

    @classmethod
    def _plan(cls) -> Iterator[tuple[int, bool]]:
        """Of each convolution: its channels in widths, and whether pooling comes before it."""
        for block, (count, times) in enumerate(cls.blocks):
            for number in range(count):
                yield times, block > 0 and number == 0


class _Vgg(FeatureNetwork):
    """RGB pictures (B, 3, H, W) in [-1, 1] to features; each block after the first halves the sides."""

    def prepare(self, pictures: Tensor) -> Tensor:
        """(x - mean) / deviation of pictures brought to 0..1, in float32."""
        mean, deviation = (pictures.new_tensor(values).float() for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))
        return (pictures.float() / 2 + 0.5 - mean[:, None, None]) / deviation[:, None, None]


class Vgg16(_Vgg):
    """VGG of 13 convolutions; to the fourth it has 260,160 weights."""

    label = "VGG16"
    blocks = ((2, 1), (2, 2), (3, 4), (3, 8), (3, 8))


class Vgg19(_Vgg):
    """VGG of 16 convolutions; to the twelfth it has 10,585,152 weights."""

    label = "VGG19"
    blocks = ((2, 1), (2, 2), (4, 4), (4, 8), (4, 8))


class Illustration2Vec(FeatureNetwork):
    """Line drawings (B, 1, S, S) in [-1, 1] to features (B, 512, S / 16, S / 16) >= 0, by 4,500,864 weights.

    What lies behind its sixth convolution, as in the public code of AlacGAN.
    """

    label = "Illustration2Vec"
    blocks = ((1, 1), (1, 2), (2, 4), (2, 8))
    is_whole = False

    def __init__(self, *, convolutions: int = 6, width: int = 64, activated: bool = True) -> None:
        super().__init__(convolutions=convolutions, width=width, activated=activated)

    def prepare(self, pictures: Tensor) -> Tensor:
        """Averages of 2x2 pixels, three times alike, in 0..255 less the mean, in float32."""
        small = functional.avg_pool2d(pictures.float(), 2) * 127.5 + 127.5
        return small.expand(-1, 3, -1, -1) - small.new_tensor(_I2V_MEAN)[:, None, None]
