"""Normalises features the way that a domain wants them: instance norm whose scale and shift the domain decides.

    out = (1 + s) IN(x) + t,   (s, t) = A e + b,   e the 16 numbers that the domain has learned

A and b are 0 at first, so that all domains begin as plain instance norm. Here the style is a domain's.

Source: X. Huang, S. Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization", ICCV 2017,
equation 8.
"""

from torch import Tensor, nn

STYLE = 16
"""Numbers by which a domain is known."""


class AdaptiveInstanceNorm(nn.Module):
    """Instance norm of (B, channels, H, W), scaled and shifted by styles (B, 16)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.affine = nn.Linear(STYLE, 2 * channels)
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)

    def forward(self, features: Tensor, styles: Tensor) -> Tensor:
        """Features of the same shape."""
        scale, shift = self.affine(styles)[..., None, None].chunk(2, dim=1)
        result: Tensor = (1 + scale) * self.norm(features) + shift
        return result
