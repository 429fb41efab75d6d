"""Generators nested as the public reference implementation nests them, built here a second time and on their own."""

import torch
from torch import Tensor, nn


def norm_of(kind: str, channels: int, *, old: bool = False) -> nn.Module:
    if kind == "instance":
        return nn.InstanceNorm2d(channels, track_running_stats=old)
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.Identity()


class Scale(nn.Module):
    def __init__(self, *layers: nn.Module, skip: bool = True) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.model(x)], 1) if self.skip else self.model(x)


class ReferenceUNet(nn.Module):
    def __init__(  # type: ignore[no-untyped-def]
        self, inputs: int, scales: int, width: int, *, norm="batch", dropout=True, old=False
    ) -> None:
        super().__init__()
        bias = norm == "instance"

        def down(before: int, after: int) -> list[nn.Module]:
            return [nn.LeakyReLU(0.2), nn.Conv2d(before, after, 4, stride=2, padding=1, bias=bias)]

        def up(before: int, after: int) -> list[nn.Module]:
            turned = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=bias)
            return [nn.ReLU(), turned, norm_of(norm, after, old=old)]

        block = Scale(*down(width * 8, width * 8), *up(width * 8, width * 8))
        for _ in range(scales - 5):
            ending = [nn.Dropout(0.5)] if dropout else []
            middle = [*down(width * 8, width * 8), norm_of(norm, width * 8, old=old)]
            block = Scale(*middle, block, *up(width * 16, width * 8), *ending)
        for factor in (4, 2, 1):
            middle = [*down(width * factor, width * factor * 2), norm_of(norm, width * factor * 2, old=old)]
            block = Scale(*middle, block, *up(width * factor * 4, width * factor))
        first = nn.Conv2d(inputs, width, 4, stride=2, padding=1, bias=bias)
        last = nn.ConvTranspose2d(width * 2, 3, 4, stride=2, padding=1)
        self.model = Scale(first, block, nn.ReLU(), last, nn.Tanh(), skip=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)  # type: ignore[no-any-return]


class Residual(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)  # type: ignore[no-any-return]


class ReferenceResNet(nn.Module):
    def __init__(  # type: ignore[no-untyped-def]
        self, inputs: int, blocks: int, width: int, *, norm="instance", dropout=False, old=False
    ) -> None:
        super().__init__()
        bias, wide = norm == "instance", width * 4

        def three_by_three() -> list[nn.Module]:
            return [nn.ReflectionPad2d(1), nn.Conv2d(wide, wide, 3, bias=bias), norm_of(norm, wide, old=old)]

        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7, bias=bias)]
        layers += [norm_of(norm, width, old=old), nn.ReLU()]
        for factor in (1, 2):
            layers += [nn.Conv2d(width * factor, width * factor * 2, 3, stride=2, padding=1, bias=bias)]
            layers += [norm_of(norm, width * factor * 2, old=old), nn.ReLU()]
        for _ in range(blocks):
            layers += [
                Residual(*three_by_three(), nn.ReLU(), *([nn.Dropout(0.5)] if dropout else []), *three_by_three())
            ]
        for factor in (4, 2):
            up = nn.ConvTranspose2d(
                width * factor, width * factor // 2, 3, stride=2, padding=1, output_padding=1, bias=bias
            )
            layers += [up, norm_of(norm, width * factor // 2, old=old), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)  # type: ignore[no-any-return]


def lived_in(network: nn.Module, inputs: int, size: int) -> nn.Module:
    """Weights that do not vanish, running statistics that are not the initial ones; in eval mode."""
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for parameter in network.parameters():
            deviation = 0.3 if parameter.ndim == 1 else 1.5 / parameter[0].numel() ** 0.5
            shift = 1.0 if parameter.ndim == 1 else 0.0
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * deviation + shift)
        network(torch.rand((2, inputs, size, size), generator=generator) * 2 - 1)
    return network.eval()
