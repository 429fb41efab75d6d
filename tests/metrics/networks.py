"""Small networks of the public layouts, and noise to feed them with."""

import numpy as np
import torch

from pipelines.metrics.base.case import Case

VGG16 = {0: (3, 4), 2: (4, 4), 5: (4, 6), 7: (6, 6), 10: (6, 8), 12: (8, 8), 14: (8, 8)}
VGG16 |= {17: (8, 8), 19: (8, 8), 21: (8, 8), 24: (8, 8), 26: (8, 8), 28: (8, 8)}
BLOCKS = (4, 6, 8, 8, 8)


def noise_case(seed: int, size: int = 32) -> Case:
    result, truth = np.random.default_rng(seed).integers(0, 256, (2, size, size, 3), np.uint8)
    return Case(result, truth)


class ChannelStatistics(torch.nn.Module):
    """Features of a picture: the mean and the spread of each channel."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        flat = pictures.float().flatten(2)
        return torch.cat([flat.mean(2), flat.std(2)], dim=1)


Convolution = tuple[str, int, int, int, int]  # name, channels in and out, height and width of the kernel


def inception_convolutions() -> list[Convolution]:
    """All 94 convolutions of the public Inception-v3, by its names."""
    stem = [("Conv2d_1a_3x3", 3, 32, 3, 3), ("Conv2d_2a_3x3", 32, 32, 3, 3), ("Conv2d_2b_3x3", 32, 64, 3, 3)]
    stem += [("Conv2d_3b_1x1", 64, 80, 1, 1), ("Conv2d_4a_3x3", 80, 192, 3, 3)]
    blocks = {f"Mixed_5{letter}": _fives(*widths) for letter, *widths in (("b", 192, 32), ("c", 256, 64))}
    blocks |= {"Mixed_5d": _fives(288, 64), "Mixed_6a": _GRID_17, "Mixed_6b": _sevens(128), "Mixed_6c": _sevens(160)}
    blocks |= {"Mixed_6d": _sevens(160), "Mixed_6e": _sevens(192), "Mixed_7a": _GRID_8}
    blocks |= {"Mixed_7b": _wide(1280), "Mixed_7c": _wide(2048)}
    return stem + [(f"{block}.{name}", *rest) for block, listed in blocks.items() for name, *rest in listed]  # type: ignore[misc]


def _fives(into: int, pool: int) -> list[Convolution]:
    return [
        ("branch1x1", into, 64, 1, 1),
        ("branch5x5_1", into, 48, 1, 1),
        ("branch5x5_2", 48, 64, 5, 5),
        ("branch3x3dbl_1", into, 64, 1, 1),
        ("branch3x3dbl_2", 64, 96, 3, 3),
        ("branch3x3dbl_3", 96, 96, 3, 3),
        ("branch_pool", into, pool, 1, 1),
    ]


def _sevens(width: int) -> list[Convolution]:
    return [
        ("branch1x1", 768, 192, 1, 1),
        ("branch7x7_1", 768, width, 1, 1),
        ("branch7x7_2", width, width, 1, 7),
        ("branch7x7_3", width, 192, 7, 1),
        ("branch7x7dbl_1", 768, width, 1, 1),
        ("branch7x7dbl_2", width, width, 7, 1),
        ("branch7x7dbl_3", width, width, 1, 7),
        ("branch7x7dbl_4", width, width, 7, 1),
        ("branch7x7dbl_5", width, 192, 1, 7),
        ("branch_pool", 768, 192, 1, 1),
    ]


def _wide(into: int) -> list[Convolution]:
    return [
        ("branch1x1", into, 320, 1, 1),
        ("branch3x3_1", into, 384, 1, 1),
        ("branch3x3_2a", 384, 384, 1, 3),
        ("branch3x3_2b", 384, 384, 3, 1),
        ("branch3x3dbl_1", into, 448, 1, 1),
        ("branch3x3dbl_2", 448, 384, 3, 3),
        ("branch3x3dbl_3a", 384, 384, 1, 3),
        ("branch3x3dbl_3b", 384, 384, 3, 1),
        ("branch_pool", into, 192, 1, 1),
    ]


_GRID_17: list[Convolution] = [
    ("branch3x3", 288, 384, 3, 3),
    ("branch3x3dbl_1", 288, 64, 1, 1),
    ("branch3x3dbl_2", 64, 96, 3, 3),
    ("branch3x3dbl_3", 96, 96, 3, 3),
]
_GRID_8: list[Convolution] = [
    ("branch3x3_1", 768, 192, 1, 1),
    ("branch3x3_2", 192, 320, 3, 3),
    ("branch7x7x3_1", 768, 192, 1, 1),
    ("branch7x7x3_2", 192, 192, 1, 7),
    ("branch7x7x3_3", 192, 192, 7, 1),
    ("branch7x7x3_4", 192, 192, 3, 3),
]


def inception_state() -> dict[str, torch.Tensor]:
    """Such a network with random weights, the same everywhere."""
    rng = np.random.default_rng(0)
    state = {}
    for name, into, out, height, width in inception_convolutions():
        spread = np.sqrt(2 / (into * height * width))
        state[f"{name}.conv.weight"] = spread * rng.standard_normal((out, into, height, width), np.float32)
        for part, low, high in (("weight", 0.5, 1.5), ("bias", -0.2, 0.2)):
            state[f"{name}.bn.{part}"] = rng.uniform(low, high, out).astype(np.float32)
        for part, low, high in (("running_mean", -0.2, 0.2), ("running_var", 0.5, 1.5)):
            state[f"{name}.bn.{part}"] = rng.uniform(low, high, out).astype(np.float32)
    return {name: torch.from_numpy(np.ascontiguousarray(values, np.float32)) for name, values in state.items()}
