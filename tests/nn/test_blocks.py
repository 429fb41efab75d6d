"""What networks are made of: normalisation, initial weights, joining, and parts that are worked out again."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from pipelines.nn.adversarial import gradient_penalty
from pipelines.nn.blocks import conv_bias, initialise, join, norm_layer, recomputed, suggested_layout
from tests.nn.generators import noise, tiny_resnet, tiny_unet

pytestmark = pytest.mark.usefixtures("one_thread")


def test_normalisations_by_name() -> None:
    assert isinstance(norm_layer("batch", 3), nn.BatchNorm2d)
    assert isinstance(norm_layer("instance", 3), nn.InstanceNorm2d)
    assert not list(norm_layer("instance", 3).parameters())
    assert isinstance(norm_layer("none", 3), nn.Identity)
    assert [conv_bias("batch"), conv_bias("instance"), conv_bias("none")] == [False, True, False]


def test_initial_weights_are_normal_scales_about_one_and_biases_nothing() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(16, 64, 5), nn.BatchNorm2d(2000), nn.ConvTranspose2d(64, 16, 5))
    initialise(network)
    first, norm, last = network
    for layer in (first, last):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.03)
        assert abs(layer.weight.mean().item()) < 4 * 0.02 / layer.weight.numel() ** 0.5
    assert norm.weight.mean().item() == pytest.approx(1, abs=0.002)
    assert norm.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert not any(layer.bias.any() for layer in network)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_joined_features_have_gradients_that_lie_as_they_do(layout: torch.memory_format) -> None:
    parts = [noise(2, channels, 4, 6).contiguous(memory_format=layout).requires_grad_() for channels in (3, 5)]
    joined = join(*parts)
    assert torch.equal(joined, torch.cat(parts, 1))
    assert suggested_layout(joined) == layout
    factors = noise(2, 8, 4, 6)
    (joined * factors).sum().backward()
    for part, expected in zip(parts, factors.split([3, 5], 1), strict=True):
        assert part.grad is not None
        assert torch.equal(part.grad, expected)
        assert part.grad.is_contiguous(memory_format=layout)


# worked out again -------------------------------------------------------------------------------------------


class Critic(nn.Module):
    """Two convolutions with batch norm and dropout between, which may be worked out again."""

    def __init__(self) -> None:
        super().__init__()
        self.checkpointing = False
        self.hidden = nn.Sequential(
            nn.Conv2d(3, 4, 4, 2, 1), nn.BatchNorm2d(4), nn.SiLU(), nn.Dropout(0.5), nn.Conv2d(4, 4, 4, 2, 1), nn.SiLU()
        )
        self.last = nn.Conv2d(4, 1, 3)
        self.runs = 0

    def forward(self, pictures: Tensor) -> Tensor:
        hidden = recomputed(self._run, pictures, norms=self) if self.checkpointing else self._run(pictures)
        result: Tensor = self.last(hidden)
        return result

    def _run(self, pictures: Tensor) -> Tensor:
        self.runs += 1
        result: Tensor = self.hidden(pictures)
        return result


def critic() -> Critic:
    torch.manual_seed(2)
    return Critic()


@pytest.mark.parametrize(
    "build",
    [critic, lambda: tiny_resnet(norm="batch", dropout=True), lambda: tiny_unet(norm="batch", dropout=True)],
    ids=["critic", "resnet", "unet"],
)
def test_a_second_derivative_is_the_same_and_statistics_move_once(build: Callable[[], nn.Module]) -> None:
    """A WGAN-GP critic: the penalty derives the critic's slope, and its way back goes through the network twice."""
    results = []
    for checkpointing in (False, True):
        network = build()
        before = [buffer.clone() for buffer in network.buffers()]
        network.checkpointing = checkpointing  # type: ignore[assignment]
        torch.manual_seed(4)  # for dropout and for the penalty
        real, fake = noise(2, 3, 32, 32), 0.5 * noise(2, 3, 32, 32).flip(3)
        penalty = gradient_penalty(network, real, fake)
        (penalty + network(fake).mean() - network(real).mean()).backward()
        assert any(not torch.equal(old, new) for old, new in zip(before, network.buffers(), strict=True))
        gradients = {name: weight.grad for name, weight in network.named_parameters()}
        results.append((penalty, gradients, dict(network.named_buffers())))
    (penalty, gradients, buffers), (penalty_too, gradients_too, buffers_too) = results
    assert any(gradient is not None and gradient.abs().max() > 1e-3 for gradient in gradients.values())
    torch.testing.assert_close(penalty, penalty_too)
    torch.testing.assert_close(gradients, gradients_too)
    torch.testing.assert_close(buffers, buffers_too, rtol=0, atol=0)
    counts = [count for name, count in buffers_too.items() if name.endswith("num_batches_tracked")]
    assert counts
    assert all(count == 3 for count in counts)  # the pictures between, the fake ones, the real ones


def test_every_way_back_works_it_out_again() -> None:
    network = critic()
    network.checkpointing = True
    gradient_penalty(network, noise(2, 3, 16, 16), -noise(2, 3, 16, 16)).backward()  # type: ignore[no-untyped-call]
    assert network.runs >= 3  # forward, for the slope, for the slope's own derivative


def test_momentum_is_what_it_was_after_a_part_that_fails_the_second_time() -> None:
    network = critic()
    network.checkpointing = True
    result = network(noise(2, 3, 16, 16))
    norm = network.hidden[1]
    assert isinstance(norm, nn.BatchNorm2d)

    def failing(pictures: Tensor) -> Tensor:
        assert norm.momentum == 0  # it is worked out again
        raise MemoryError

    network.hidden.forward = failing  # type: ignore[method-assign]
    with pytest.raises(MemoryError):
        result.sum().backward()
    assert norm.momentum == 0.1
    assert norm.num_batches_tracked == 1
