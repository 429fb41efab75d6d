"""What networks read: drawings and hints as channels in [-1, 1], and pictures back."""

import numpy as np
import torch

from pipelines.inference.encoding import LAYERS, to_floats, to_picture


def test_layers_tell_white_hints_from_paper() -> None:
    lines, hints = np.full((4, 4), 255, np.uint8), np.zeros((4, 4, 4), np.uint8)
    hints[1, 1] = 255
    hints[2, 2] = (255, 0, 0, 255)
    layers = LAYERS.encode(lines, hints)
    assert layers[:, 1, 1].tolist() == [1, 1, 1, 1, 1]
    assert layers[:, 2, 2].tolist() == [1, 1, -1, -1, 1]
    assert layers[:, 0, 0].tolist() == [1, 0, 0, 0, -1]


def test_a_picture_survives_the_way_there_and_back() -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(to_picture(torch.from_numpy(to_floats(ramp))), ramp)
