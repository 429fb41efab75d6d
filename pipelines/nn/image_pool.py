"""Remembers pictures that a generator made, so that a discriminator sees those of earlier steps again.

Source: A. Shrivastava et al., "Learning from Simulated and Unsupervised Images through Adversarial Training", CVPR
2017, section 2.3.
"""

import torch
from torch import Tensor


class ImagePool:
    """Up to `capacity` pictures, which are swapped at random for new ones."""

    def __init__(self, capacity: int = 50) -> None:
        self._capacity = capacity
        self._kept: Tensor | None = None  # (capacity, C, H, W)
        self._count = 0

    def swap(self, pictures: Tensor) -> Tensor:
        """Give back as many pictures as come in, (B, C, H, W), without gradient: new ones until the pool is full.

        From then on each is, with probability 1/2, kept in the place of one remembered, which is given back instead.
        Draws of chance come from torch's global generator. Where nothing is swapped the very input is given back.
        """
        pictures = pictures.detach()
        if self._capacity == 0:
            return pictures
        kept, result = self._room(pictures), pictures
        for row, picture in enumerate(pictures):
            if self._count < self._capacity:
                kept[self._count].copy_(picture)
                self._count += 1
            elif torch.rand(()).item() < 0.5:
                place = int(torch.randint(self._capacity, ()).item())
                result = pictures.clone() if result is pictures else result
                result[row].copy_(kept[place])
                kept[place].copy_(picture)
        return result

    def state(self) -> Tensor | None:
        """The pictures remembered, (n, C, H, W), oldest place first; None before the first. A view, not a copy."""
        return self._kept[: self._count] if self._kept is not None else None

    def restore(self, state: Tensor | None) -> None:
        """Remember what `state` gave, and nothing else; of more than fit, the first."""
        self._kept, self._count = None, 0
        if state is not None and self._capacity:
            fitting = state[: self._capacity]
            self._room(fitting)[: len(fitting)].copy_(fitting)
            self._count = len(fitting)

    def _room(self, like: Tensor) -> Tensor:
        if self._kept is None:
            self._kept = torch.empty((self._capacity, *like.shape[1:]), dtype=like.dtype, device=like.device)
        elif self._kept.device != like.device:
            self._kept = self._kept.to(like.device)  # after `restore` from a file
        return self._kept
