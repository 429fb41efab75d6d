"""The painter: hints in cells by hand, what its pictures depend on, and both generators in one."""

import pytest
import torch
from torch import Tensor

from pipelines.models.paintstorch import Params
from pipelines.models.paintstorch.network import build_painter, hint_map
from tests.nn.generators import noise

TINY = Params(size=64, width=8, blocks=2, features="none", content="pixels")


def blank(count: int = 1, size: int = 64) -> Tensor:
    """Layers of white paper without hints."""
    layers = torch.zeros(count, 5, size, size)
    layers[:, 0], layers[:, 4] = 1, -1
    return layers


def hinted(layers: Tensor, place: tuple[slice, slice], colour: tuple[float, float, float]) -> Tensor:
    layers = layers.clone()
    layers[:, 1:4, place[0], place[1]] = torch.tensor(colour)[None, :, None, None]
    layers[:, 4, place[0], place[1]] = 1
    return layers


def test_the_hints_of_a_cell_by_hand() -> None:
    """Four of sixteen pixels are red: a quarter of the cell is hinted, and its colour is red, not a faint one."""
    cells = hint_map(hinted(blank(size=8), (slice(0, 2), slice(0, 2)), (1.0, -1.0, -1.0)))
    assert cells.shape == (1, 4, 2, 2)
    torch.testing.assert_close(cells[0, :, 0, 0], torch.tensor([1.0, -1.0, -1.0, 0.25]))
    assert not cells[0, :, 1].any()
    assert not cells[0, :, 0, 1].any()


def test_two_colours_of_a_cell_are_mixed_by_their_pixels() -> None:
    layers = hinted(blank(size=4), (slice(0, 1), slice(0, 3)), (1.0, 1.0, -1.0))
    layers = hinted(layers, (slice(3, 4), slice(3, 4)), (-1.0, 1.0, -1.0))
    torch.testing.assert_close(hint_map(layers)[0, :, 0, 0], torch.tensor([0.5, 1.0, -1.0, 0.25]))


def test_one_hinted_pixel_changes_the_picture() -> None:
    torch.manual_seed(0)
    painter = build_painter(TINY).eval()
    with torch.no_grad():
        one, other = painter(blank()), painter(hinted(blank(), (slice(9, 10), slice(20, 21)), (1.0, -1.0, -1.0)))
    assert (one - other).abs().max() > 1e-6


@pytest.mark.parametrize("keep", [False, True])
def test_its_outputs(keep: bool) -> None:
    torch.manual_seed(0)
    painter = build_painter(Params(size=64, width=4, blocks=1, features="none", content="pixels", keep_sketcher=keep))
    layers = blank(2)
    with torch.no_grad():
        pictures = painter.eval().outputs(layers)
        torch.testing.assert_close(pictures[0], painter(layers), rtol=0, atol=0)
    assert [tuple(picture.shape) for picture in pictures] == [(2, 3, 64, 64), (2, 1, 64, 64)][: 1 + keep]


def test_checkpointing_is_for_both_generators() -> None:
    painter = build_painter(Params(size=64, width=4, blocks=1, features="none", keep_sketcher=True))
    assert not painter.checkpointing
    painter.checkpointing = True
    assert painter.sketcher is not None
    assert painter.colours.checkpointing
    assert painter.sketcher.checkpointing


def test_features_are_of_the_lines_at_a_sixteenth_and_never_learn() -> None:
    torch.manual_seed(0)
    painter = build_painter(Params(size=64, width=4, blocks=1))
    layers = noise(1, 5, 64, 64)
    features = painter.local_features(layers)
    assert features is not None
    assert features.shape == (1, 512, 4, 4)
    assert features.min() >= 0
    assert not features.requires_grad
    moved = layers.clone()
    moved[:, 1:] *= -1
    torch.testing.assert_close(painter.local_features(moved), features, rtol=0, atol=0)
    moved[:, 0] *= -1
    assert (painter.local_features(moved) - features).abs().max() > 0  # type: ignore[operator]
    assert painter.features is not None
    assert not any(weight.requires_grad for weight in painter.features.parameters())
    torch.testing.assert_close(painter(layers), painter(layers, features))
