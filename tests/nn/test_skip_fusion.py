"""Skips that are gated or mixed into one, by hand."""

import torch

from pipelines.nn.skip_fusion import GatedSkip, SummedSkip, skip_fusion
from tests.nn.generators import noise


def test_a_gate_of_nothing_lets_half_through() -> None:
    gate = GatedSkip(4)
    with torch.no_grad():
        gate.psi.weight.zero_()
        gate.psi.bias.zero_()  # type: ignore[union-attr]
    encoded, decoded = noise(2, 4, 3, 3), noise(2, 4, 3, 3)
    torch.testing.assert_close(gate(encoded, decoded), torch.cat([encoded / 2, decoded], 1))


def test_a_gate_is_one_number_a_place_of_both() -> None:
    gate = GatedSkip(2)  # W_e, W_d and psi have one channel
    with torch.no_grad():
        gate.encoded.weight.copy_(torch.tensor([1.0, 0.0]).view(1, 2, 1, 1))
        gate.decoded.weight.copy_(torch.tensor([0.0, 2.0]).view(1, 2, 1, 1))
        gate.decoded.bias.fill_(0.5)  # type: ignore[union-attr]
        gate.psi.weight.fill_(3.0)
        gate.psi.bias.fill_(-1.0)  # type: ignore[union-attr]
    encoded, decoded = torch.tensor([0.1, 7.0]).view(1, 2, 1, 1), torch.tensor([9.0, 0.2]).view(1, 2, 1, 1)
    share = torch.sigmoid(torch.tensor(3 * (0.1 + 0.4 + 0.5) - 1))
    torch.testing.assert_close(gate(encoded, decoded).flatten(), torch.tensor([0.1 * share, 7 * share, 9.0, 0.2]))


def test_a_sum_has_the_channels_of_one() -> None:
    fusion = SummedSkip(3)
    with torch.no_grad():
        fusion.mix.weight.copy_(torch.cat([torch.eye(3), 2 * torch.eye(3)], 1).view(3, 6, 1, 1))
        fusion.mix.bias.zero_()  # type: ignore[union-attr]
    encoded, decoded = noise(1, 3, 2, 2), noise(1, 3, 2, 2)
    torch.testing.assert_close(fusion(encoded, decoded), encoded + 2 * decoded)


def test_side_by_side_needs_nothing() -> None:
    assert skip_fusion("concat", 4) is None
    assert isinstance(skip_fusion("gated", 4), GatedSkip)
    assert isinstance(skip_fusion("summed", 4), SummedSkip)
