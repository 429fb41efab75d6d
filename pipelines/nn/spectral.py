"""Holds convolutions to a slope of 1 while they learn: each weight is divided by its largest singular value.

W_SN = W / sigma(W), sigma estimated by one step of the power iteration at each pass in training. What is saved is the
quotient under the weight's own name, so that files do not tell that a network learned so.

Source: T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018, section 2.1 and
algorithm 1.
"""

import copy
from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

N = TypeVar("N", bound=nn.Module)

_FIRST_STEPS = 15  # of the power iteration before training, as torch's own
_WEIGHT = "weight"
_CHAIN = "parametrizations.weight"  # where torch keeps what a weight is made of


class SpectralNorm(nn.Module):
    """Divides a weight by its largest singular value; `outputs` is the axis of its output channels."""

    left: Tensor  # singular vectors, unit length
    right: Tensor

    def __init__(self, weight: Tensor, *, outputs: int) -> None:
        super().__init__()
        self._outputs = outputs
        rows = self._as_matrix(weight.detach())
        self.register_buffer("left", functional.normalize(torch.randn(rows.shape[0]), dim=0))
        self.register_buffer("right", functional.normalize(torch.randn(rows.shape[1]), dim=0))
        self._iterate(rows, _FIRST_STEPS)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight over its largest singular value, in its own shape, float32."""
        with torch.autocast(weight.device.type, enabled=False):
            rows = self._as_matrix(weight)
            if self.training:
                self._iterate(rows.detach(), 1)
            left, right = self.left.clone(), self.right.clone()  # the next pass writes to them before we come back
            quotient: Tensor = weight / torch.dot(left, torch.mv(rows, right))
        return quotient

    @torch.no_grad()
    def _iterate(self, rows: Tensor, steps: int) -> None:
        for _ in range(steps):
            self.left.copy_(functional.normalize(torch.mv(rows, self.right), dim=0))
            self.right.copy_(functional.normalize(torch.mv(rows.t(), self.left), dim=0))

    def _as_matrix(self, weight: Tensor) -> Tensor:
        """The weight with a row for each output channel."""
        return weight.movedim(self._outputs, 0).flatten(1)


def spectrally_normalised(network: N) -> N:
    """The same network, every convolution of which is normalised from now on; its initial weights are drawn already."""
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            norm = SpectralNorm(layer.weight, outputs=_outputs_of(layer))
            parametrize.register_parametrization(layer, _WEIGHT, norm, unsafe=True)  # it is: shape and kind stay
    return network


def folded(network: N) -> N:
    """A copy with plain weights, as they are in use."""
    plain = copy.deepcopy(network).eval()
    for layer in list(plain.modules()):
        if parametrize.is_parametrized(layer, _WEIGHT):
            weight = _in_use(layer)
            layer.__class__ = type(layer).__mro__[1]  # torch's own way back would change the class that both share
            del layer.parametrizations
            layer.register_parameter(_WEIGHT, nn.Parameter(weight))
    return plain


def plain_state(network: nn.Module) -> dict[str, Tensor]:
    """The tensors in use by the names that they have in `folded`: parameters and buffers; nothing moves by asking."""
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    state = {name: tensor.detach() for name, tensor in tensors.items() if f"{_CHAIN}." not in name}
    for name, layer in network.named_modules():
        if parametrize.is_parametrized(layer, _WEIGHT):
            state[f"{name}.{_WEIGHT}" if name else _WEIGHT] = _in_use(layer)
    return state


def kept_weight(layer: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """The weight as it is kept, (A, B, k, k): that in use has its shape and layout, but asking for it moves sigma."""
    is_normalised = parametrize.is_parametrized(layer, _WEIGHT)
    return layer.get_parameter(f"{_CHAIN}.original") if is_normalised else layer.weight


def as_learned(network: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Plain weights, with what they are made of while `network` learns from them; those of other shapes add nothing."""
    added: dict[str, Tensor] = {}
    for name, layer in network.named_modules():
        weight = weights.get(f"{name}.{_WEIGHT}" if name else _WEIGHT)
        if weight is None or not parametrize.is_parametrized(layer, _WEIGHT):
            continue
        if weight.shape == layer.get_parameter(f"{_CHAIN}.original").shape:
            norm = SpectralNorm(weight.float(), outputs=_outputs_of(layer))
            made_of = {"original": weight, "0.left": norm.left, "0.right": norm.right}
            added |= {f"{name}.{_CHAIN}.{part}".lstrip("."): tensor for part, tensor in made_of.items()}
    return {**weights, **added}


def _outputs_of(layer: nn.Module) -> int:
    """The axis of the output channels in the weight of a convolution."""
    return 1 if isinstance(layer, nn.ConvTranspose2d) else 0


@torch.no_grad()
def _in_use(layer: nn.Module) -> Tensor:
    """The weight of a normalised layer without a step of the power iteration."""
    chain = layer.get_submodule(_CHAIN)
    was_training = chain.training
    weight: Tensor = chain.eval()()
    chain.train(was_training)
    return weight
