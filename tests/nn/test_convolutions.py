"""Convolutions as products of matrices: the same function as torch's, forward, backward and twice."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipelines.nn import convolutions
from pipelines.nn.convolutions import Conv2d, ConvTranspose2d
from pipelines.nn.spectral import SpectralNorm, spectrally_normalised

LAST = torch.channels_last
TRANSPOSED = (nn.ConvTranspose2d, ConvTranspose2d)
PLAIN = (nn.Conv2d, Conv2d)
LAYERS: list[tuple[Any, dict[str, Any], tuple[int, int]]] = [
    (PLAIN, {"kernel_size": 4, "stride": 2, "padding": 1}, (8, 8)),
    (PLAIN, {"kernel_size": 4, "stride": 2, "padding": 1, "bias": False}, (2, 4)),
    (PLAIN, {"kernel_size": 4, "stride": 1, "padding": 1}, (5, 7)),
    (PLAIN, {"kernel_size": 3, "stride": 2, "padding": 0}, (7, 8)),
    (TRANSPOSED, {"kernel_size": 4, "stride": 2, "padding": 1}, (8, 8)),
    (TRANSPOSED, {"kernel_size": 4, "stride": 2, "padding": 1, "bias": False}, (1, 1)),
    (TRANSPOSED, {"kernel_size": 4, "stride": 2, "padding": 1}, (2, 4)),
    (TRANSPOSED, {"kernel_size": 4, "stride": 2, "padding": 0}, (3, 2)),
    (TRANSPOSED, {"kernel_size": 2, "stride": 1, "padding": 0}, (3, 5)),
]


def pair(kinds: tuple[Any, Any], settings: dict[str, Any], channels: tuple[int, int] = (6, 9)) -> list[Any]:
    """torch's layer and ours with the same weights, channels last."""
    torch.manual_seed(0)
    layers = [kind(*channels, **settings).to(memory_format=LAST) for kind in kinds]
    layers[1].load_state_dict(layers[0].state_dict())
    return layers


@pytest.fixture(autouse=True)
def all_are_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small layers too."""
    monkeypatch.setattr(convolutions, "_LEAST_WEIGHTS", 1)


def count_products(layer: nn.Module, features: Tensor) -> int:
    """How many products of matrices a layer works out, instead of convolutions."""
    with torch.profiler.profile() as profile:
        layer(features)
    names = [event.name for event in profile.events() or []]
    return sum(name in ("aten::mm", "aten::addmm") for name in names)


@pytest.mark.parametrize(("kinds", "settings", "size"), LAYERS)
def test_values_and_gradients_are_those_of_torch(
    kinds: tuple[Any, Any], settings: dict[str, Any], size: tuple[int, int]
) -> None:
    results = []
    for layer in pair(kinds, settings):
        features = torch.randn(3, 6, *size, generator=torch.Generator().manual_seed(1)).contiguous(memory_format=LAST)
        features.requires_grad_()
        made = layer(features)
        gradient = torch.randn(made.shape, generator=torch.Generator().manual_seed(2))
        torch.autograd.backward(made, gradient)
        results.append([made, features.grad, *(weight.grad for weight in layer.parameters())])
    for theirs, ours in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kinds", "settings", "size"), [LAYERS[0], LAYERS[4]])
def test_it_is_a_product_and_gradients_lie_as_weights_do(
    kinds: tuple[Any, Any], settings: dict[str, Any], size: tuple[int, int]
) -> None:
    theirs, ours = pair(kinds, settings)
    features = torch.randn(2, 6, *size).contiguous(memory_format=LAST)
    assert [count_products(layer, features) for layer in (theirs, ours)] == [0, 1]
    made = ours(features)
    torch.autograd.backward(made.sum())
    assert made.is_contiguous(memory_format=LAST)
    assert ours.weight.grad.stride() == ours.weight.stride()  # an optimizer goes through both in one order


@pytest.mark.parametrize(("kinds", "settings", "size"), [LAYERS[0], LAYERS[4]])
def test_a_second_derivative_is_that_of_torch(
    kinds: tuple[Any, Any], settings: dict[str, Any], size: tuple[int, int]
) -> None:
    results = []
    for layer in pair(kinds, settings):
        features = torch.randn(2, 6, *size, generator=torch.Generator().manual_seed(1)).requires_grad_()
        (slope,) = torch.autograd.grad(layer(features).square().sum(), features, create_graph=True)
        torch.autograd.backward(slope.square().sum())
        results.append(layer.weight.grad)
    torch.testing.assert_close(results[1], results[0], rtol=1e-3, atol=1e-3)


def test_large_features_few_weights_and_other_layouts_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    _, layer = pair(PLAIN, {"kernel_size": 4, "stride": 2, "padding": 1})
    assert count_products(layer, torch.randn(1, 6, 8, 8)) == 1
    assert count_products(layer, torch.randn(1, 6, 8, 10)) == 0
    assert count_products(layer.to(memory_format=torch.contiguous_format), torch.randn(1, 6, 8, 8)) == 0
    monkeypatch.setattr(convolutions, "_LEAST_WEIGHTS", 6 * 9 * 16 + 1)
    assert count_products(layer.to(memory_format=LAST), torch.randn(1, 6, 8, 8)) == 0


def test_half_precision_is_that_of_the_autocast() -> None:
    _, layer = pair(TRANSPOSED, {"kernel_size": 4, "stride": 2, "padding": 1})
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.randn(1, 6, 4, 4)).dtype == torch.bfloat16


@pytest.mark.parametrize(("kinds", "settings", "size"), LAYERS[:2] + LAYERS[4:7])
def test_a_picture_comes_out_the_same_whichever_lie_beside_it(
    kinds: tuple[Any, Any], settings: dict[str, Any], size: tuple[int, int]
) -> None:
    """To the bit, as by convolutions: files come out the same for any batch and number of workers."""
    theirs, ours = pair(kinds, settings, (512, 256))
    features = torch.randn(9, 512, *size, generator=torch.Generator().manual_seed(1)).contiguous(memory_format=LAST)
    with torch.no_grad():
        together = ours(features)
        torch.testing.assert_close(together, theirs(features), rtol=1e-4, atol=1e-4)
        for count in (1, 2, 4, 7):
            apart = torch.cat([ours(part) for part in features.split(count)])
            assert torch.equal(apart, together), f"{count} at a time"


def test_kernels_other_than_twice_the_stride_are_left_to_torch() -> None:
    theirs, ours = pair(TRANSPOSED, {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1})
    features = torch.randn(1, 6, 4, 4)
    assert count_products(ours, features) == 0
    torch.testing.assert_close(ours(features), theirs(features))


def narrow_pair(*, bias: bool = True, channels: tuple[int, int] = (6, 3)) -> list[Any]:
    return pair(TRANSPOSED, {"kernel_size": 4, "stride": 2, "padding": 1, "bias": bias}, channels)


def count_transposed(layer: nn.Module, features: Tensor) -> int:
    """How many transposed convolutions a layer works out."""
    with torch.profiler.profile() as profile:
        layer(features)
    return sum(event.name == "aten::conv_transpose2d" for event in profile.events() or [])


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("channels", [(6, 3), (6, 1), (5, 4)])
@pytest.mark.parametrize("size", [(1, 1), (9, 12), (24, 7)])
def test_to_a_picture_values_and_both_derivatives_are_those_of_torch(
    size: tuple[int, int], channels: tuple[int, int], bias: bool
) -> None:
    results = []
    for layer in narrow_pair(bias=bias, channels=channels):
        features = torch.randn(3, channels[0], *size, generator=torch.Generator().manual_seed(1)).requires_grad_()
        made = layer(features)
        (slope,) = torch.autograd.grad(made.square().sum(), features, create_graph=True)
        torch.autograd.backward(slope.square().sum())
        results.append([made, slope, layer.weight.grad])
    for theirs, ours in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)


def test_to_a_picture_no_transposed_convolution_is_worked_out_on_a_processor() -> None:
    features = torch.randn(1, 6, 16, 16)
    assert [count_transposed(layer, features) for layer in narrow_pair()] == [1, 0]
    assert [count_transposed(layer, features) for layer in narrow_pair(channels=(6, 5))] == [1, 1]
    theirs, ours = pair(TRANSPOSED, {"kernel_size": 4, "stride": 2, "padding": 0}, (6, 3))
    torch.testing.assert_close(ours(features), theirs(features))


@pytest.mark.parametrize("side", [8, 16, 32])
def test_a_picture_comes_out_the_same_whichever_are_made_beside_it(side: int) -> None:
    _, layer = narrow_pair(channels=(64, 3))
    features = torch.randn(9, 64, side, side, generator=torch.Generator().manual_seed(1)).contiguous(memory_format=LAST)
    with torch.no_grad():
        together = layer(features)
        for count in (1, 2, 4, 7):
            assert torch.equal(torch.cat([layer(part) for part in features.split(count)]), together)


@pytest.mark.parametrize("side", [4, 16])
@pytest.mark.parametrize("kind", [Conv2d, ConvTranspose2d])
def test_spectral_norm_moves_once_a_pass_however_a_convolution_is_done(
    kind: type[Conv2d | ConvTranspose2d], side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    layer = kind(6, 6, 4, 2, 1)
    network = spectrally_normalised(nn.Sequential(layer)).to(memory_format=LAST)  # type: ignore[call-overload]
    monkeypatch.setattr(SpectralNorm, "_iterate", lambda self, rows, steps: passes.append(steps))
    network(torch.rand(1, 6, side, side))
    assert passes == [1]
