"""Inception-v3 as FID wants it: 2048 features of a picture, by weights alone, so that no program has to be run.

The weights are a state dict with torchvision's names ("Conv2d_1a_3x3.conv.weight", "Mixed_5b.branch1x1.bn.bias" ...),
such as pytorch-fid's pt_inception-2015-12-05. The network is that of 2015: pictures are resized to 299 x 299 as
TensorFlow 1 did, average pools leave out the border, and the last block takes the maximum.
Source: C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, "Rethinking the Inception Architecture for Computer
Vision", CVPR 2016; M. Heusel et al., NeurIPS 2017.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

FIRST = "Conv2d_1a_3x3.conv.weight"
"""The name by which a state dict of this network is known."""

_SIDE = 299  # px
_EPSILON = 1e-3  # of batch normalisation


def inception_features(state: "Mapping[str, Tensor]", pictures: "Tensor") -> "Tensor":
    """Return the features (B, 2048) of pictures uint8 (B, 3, H, W); raises KeyError for weights that are missing."""
    from torch.nn.functional import max_pool2d

    network = _Network(state)
    current = (resized(pictures.float()) - 128) / 128
    current = network.plain(current, "Conv2d_1a_3x3", stride=2)
    current = network.plain(current, "Conv2d_2a_3x3")
    current = max_pool2d(network.same(current, "Conv2d_2b_3x3"), 3, stride=2)
    current = network.plain(current, "Conv2d_3b_1x1")
    current = max_pool2d(network.plain(current, "Conv2d_4a_3x3"), 3, stride=2)
    for letter in "bcd":
        current = network.fives(current, f"Mixed_5{letter}")
    current = network.to_grid_of_17(current, "Mixed_6a")
    for letter in "bcde":
        current = network.sevens(current, f"Mixed_6{letter}")
    current = network.to_grid_of_8(current, "Mixed_7a")
    current = network.wide(_average(current), current, "Mixed_7b")
    current = network.wide(max_pool2d(current, 3, stride=1, padding=1), current, "Mixed_7c")
    return current.mean(dim=(2, 3))


class _Network:
    """The blocks of the network; each of their branches is convolutions one after the other."""

    def __init__(self, state: "Mapping[str, Tensor]") -> None:
        self._state = state

    def plain(self, current: "Tensor", name: str, *, stride: int = 1, padding: tuple[int, int] = (0, 0)) -> "Tensor":
        """Convolution, batch normalisation, ReLU."""
        from torch.nn.functional import batch_norm, conv2d, relu

        weight, mean, variance, scale, shift = (
            self._state[f"{name}.{part}"].float()
            for part in ("conv.weight", "bn.running_mean", "bn.running_var", "bn.weight", "bn.bias")
        )
        filtered = conv2d(current, weight, stride=stride, padding=padding)
        return relu(batch_norm(filtered, mean, variance, scale, shift, eps=_EPSILON))

    def same(self, current: "Tensor", *names: str) -> "Tensor":
        """Such convolutions one after the other, height and width kept."""
        for name in names:
            height, width = self._state[f"{name}.conv.weight"].shape[2:]
            current = self.plain(current, name, padding=(height // 2, width // 2))
        return current

    def branch(self, current: "Tensor", block: str, name: str, count: int) -> "Tensor":
        """The branch whose convolutions are called NAME_1 to NAME_count."""
        return self.same(current, *(f"{block}.{name}_{number}" for number in range(1, count + 1)))

    def fives(self, current: "Tensor", block: str) -> "Tensor":
        """Mixed_5b to 5d."""
        return _joined(
            self.same(current, f"{block}.branch1x1"),
            self.branch(current, block, "branch5x5", 2),
            self.branch(current, block, "branch3x3dbl", 3),
            self.same(_average(current), f"{block}.branch_pool"),
        )

    def to_grid_of_17(self, current: "Tensor", block: str) -> "Tensor":
        """Mixed_6a."""
        from torch.nn.functional import max_pool2d

        double = self.branch(current, block, "branch3x3dbl", 2)
        return _joined(
            self.plain(current, f"{block}.branch3x3", stride=2),
            self.plain(double, f"{block}.branch3x3dbl_3", stride=2),
            max_pool2d(current, 3, stride=2),
        )

    def sevens(self, current: "Tensor", block: str) -> "Tensor":
        """Mixed_6b to 6e."""
        return _joined(
            self.same(current, f"{block}.branch1x1"),
            self.branch(current, block, "branch7x7", 3),
            self.branch(current, block, "branch7x7dbl", 5),
            self.same(_average(current), f"{block}.branch_pool"),
        )

    def to_grid_of_8(self, current: "Tensor", block: str) -> "Tensor":
        """Mixed_7a."""
        from torch.nn.functional import max_pool2d

        threes = self.same(current, f"{block}.branch3x3_1")
        sevens = self.branch(current, block, "branch7x7x3", 3)
        return _joined(
            self.plain(threes, f"{block}.branch3x3_2", stride=2),
            self.plain(sevens, f"{block}.branch7x7x3_4", stride=2),
            max_pool2d(current, 3, stride=2),
        )

    def wide(self, pooled: "Tensor", current: "Tensor", block: str) -> "Tensor":
        """Mixed_7b and 7c, which differ in how `pooled` was pooled."""
        threes = self.same(current, f"{block}.branch3x3_1")
        double = self.branch(current, block, "branch3x3dbl", 2)
        return _joined(
            self.same(current, f"{block}.branch1x1"),
            *(self.same(threes, f"{block}.branch3x3_{part}") for part in ("2a", "2b")),
            *(self.same(double, f"{block}.branch3x3dbl_{part}") for part in ("3a", "3b")),
            self.same(pooled, f"{block}.branch_pool"),
        )


def _average(current: "Tensor") -> "Tensor":
    from torch.nn.functional import avg_pool2d

    return avg_pool2d(current, 3, stride=1, padding=1, count_include_pad=False)


def _joined(*branches: "Tensor") -> "Tensor":
    import torch

    return torch.cat(branches, dim=1)


def resized(pictures: "Tensor") -> "Tensor":
    """Bilinear, sampled at multiples of the ratio from the corner, as TensorFlow 1 did: (B, 3, 299, 299)."""
    for axis in (2, 3):
        pictures = _resized_along(pictures, axis)
    return pictures


def _resized_along(pictures: "Tensor", axis: int) -> "Tensor":
    import torch

    length = pictures.shape[axis]
    places = torch.arange(_SIDE, dtype=torch.float32) * (length / _SIDE)
    below = places.floor().long().clamp(max=length - 1)
    above = (below + 1).clamp(max=length - 1)
    share = (places - below).reshape([-1 if each == axis else 1 for each in range(4)])
    return pictures.index_select(axis, below) * (1 - share) + pictures.index_select(axis, above) * share
