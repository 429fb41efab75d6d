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
