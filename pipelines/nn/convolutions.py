"""Convolutions of features of a few pixels as one product of matrices, which reads their weights as they lie.

Deep in a U-Net pictures are a few pixels and weights millions. A convolution of oneDNN first brings weights into the
order of its own, in every call, and gradients back: at 8 px and below that takes longer than the arithmetic. With
channels last a weight already is a matrix,

    convolution             (B h w, k k C) W,    W of (C', C, k, k) as (k k C, C')
    transposed convolution  (B h w, C) W,        W of (C, C', k, k) as (C, k k C'), then its patches added up

so that products of it, forward and back, touch nothing twice. Measured by benchmarks/train_step.py.

The last layer of a U-Net has the largest features and three channels, of which torch's transposed convolution makes
little of a processor. Pixels of equal parity are there the channels of one ordinary convolution of 2x2, which is then
taken apart: 2.4 times as fast forward.

How a product of matrices is rounded depends on their sizes. Where nothing is learned rows are therefore multiplied so
many at a time, always, so that a picture comes out the same whichever lie beside it in a batch.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.spectral import kept_weight

_MOST_PIXELS = 64  # of the features: beyond 8 x 8 oneDNN's own are as fast
_LEAST_ROWS = 16  # that are multiplied at a time
_NARROW = 4  # channels of pictures
_ALIKE = 20480  # numbers of a picture's features: with no more, torch does one picture otherwise than several
_LEAST_WEIGHTS = 1 << 18  # in a convolution: smaller ones stay in the processor's caches, in any order


class Conv2d(nn.Conv2d):
    """`nn.Conv2d` that is one product where features are small and weights many; the same but for rounding."""

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        if not _suits(self, features):
            return super().forward(features)
        kernel, stride, padding = self.kernel_size[0], self.stride[0], int(self.padding[0])
        framed = functional.pad(features.permute(0, 2, 3, 1), (0, 0, padding, padding, padding, padding))
        patches = framed.unfold(1, kernel, stride).unfold(2, kernel, stride)  # (B, H', W', C, k, k)
        places = patches.shape[1:3]
        rows = patches.permute(0, 1, 2, 4, 5, 3).reshape(-1, kernel * kernel * self.in_channels)
        matrix = self.weight.permute(0, 2, 3, 1).reshape(self.out_channels, -1)
        products = _product(rows, matrix.t(), features.shape[2:].numel())
        products = products if self.bias is None else products + self.bias.to(products.dtype)
        return products.view(len(features), *places, self.out_channels).permute(0, 3, 1, 2)


class ConvTranspose2d(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` that is one product where features are small and weights many; the same but for rounding."""

    def forward(self, features: Tensor, output_size: list[int] | None = None) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        if output_size is None and _is_narrow(self, features):
            return self._by_parity(features)
        places = features.shape[2], features.shape[3]
        if output_size is not None or self.kernel_size[0] != 2 * self.stride[0] or not _suits(self, features):
            return super().forward(features, output_size)
        rows = features.permute(0, 2, 3, 1).reshape(-1, self.in_channels)
        matrix = self.weight.permute(0, 2, 3, 1).reshape(self.in_channels, -1)
        products = _product(rows, matrix, places[0] * places[1]).view(
            len(features), *places, *self.kernel_size, self.out_channels
        )
        summed = _added_up(products, self.stride[0])
        rows_kept, columns_kept = (self._kept(side, length) for side, length in enumerate(places))
        inside = summed[:, rows_kept, columns_kept]
        return (inside if self.bias is None else inside + self.bias.to(inside.dtype)).permute(0, 3, 1, 2)

    def _by_parity(self, features: Tensor) -> Tensor:
        """Row 2 i + a - 1 is reached from row i - 1 by weight a + 2 and from row i by weight a; columns alike."""
        taps = self.weight.view(self.in_channels, -1, 2, 2, 2, 2).flip(2, 4)  # (C, C', from, a, from, b)
        kernels = taps.permute(1, 3, 5, 0, 2, 4).flatten(0, 2).contiguous(memory_format=torch.channels_last)
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        return functional.pixel_shuffle(functional.conv2d(features, kernels, bias, padding=1), 2)[:, :, 1:-1, 1:-1]

    def _kept(self, side: int, length: int) -> slice:
        padding = int(self.padding[side])
        whole = (length - 1) * self.stride[side] + self.kernel_size[side]
        return slice(padding, whole - padding + int(self.output_padding[side]))


def _is_narrow(layer: nn.ConvTranspose2d, features: Tensor) -> bool:
    """Whether a transposed convolution is done by parity: on a CPU, doubling, to a picture."""
    shape = (layer.kernel_size, layer.stride, layer.padding, layer.output_padding, layer.dilation, layer.groups)
    return (
        features.device.type == "cpu"
        and shape == ((4, 4), (2, 2), (1, 1), (0, 0), (1, 1), 1)
        and layer.out_channels <= _NARROW
        and (torch.is_grad_enabled() or features[:1].numel() > _ALIKE)
        and not torch.onnx.is_in_onnx_export()
    )


def _product(rows: Tensor, matrix: Tensor, pixels: int) -> Tensor:
    """Multiply rows (N, C), so many to a picture, with a matrix (C, C'); rounded alike for any N where none learns."""
    if torch.is_grad_enabled():
        return rows @ matrix
    block = min(max(2 * pixels, _LEAST_ROWS), _MOST_PIXELS)
    padded = functional.pad(rows, (0, 0, 0, -len(rows) % block))
    return torch.cat([part @ matrix for part in torch.split(padded, block)])[: len(rows)]


def _added_up(products: Tensor, stride: int) -> Tensor:
    """Add up patches (B, h, w, 2 s, 2 s, C) that lie `stride` s apart: (B, (h + 1) s, (w + 1) s, C)."""
    count, height, width, _, _, channels = products.shape
    halves = products.view(count, height, width, 2, stride, 2, stride, channels)
    summed = products.new_zeros(count, height + 1, stride, width + 1, stride, channels)
    for down in range(2):
        for across in range(2):
            part = halves[:, :, :, down, :, across].permute(0, 1, 3, 2, 4, 5)  # (B, h, s, w, s, C)
            summed[:, down : down + height, :, across : across + width] += part
    return summed.view(count, (height + 1) * stride, (width + 1) * stride, channels)


def _suits(layer: nn.Conv2d | nn.ConvTranspose2d, features: Tensor) -> bool:
    """Whether a convolution is done as a product: on a CPU, of few pixels, its weights many and channels last."""
    weight = kept_weight(layer)
    return (
        features.device.type == "cpu"
        and features.shape[2] * features.shape[3] <= _MOST_PIXELS
        and weight.numel() >= _LEAST_WEIGHTS
        and layer.groups == 1
        and layer.dilation == (1, 1)
        and layer.padding_mode == "zeros"
        and len({*layer.kernel_size}) == len({*layer.stride}) == len({*layer.padding}) == 1
        and weight.is_contiguous(memory_format=torch.channels_last)
        and not torch.onnx.is_in_onnx_export()  # a written network has convolutions
    )
