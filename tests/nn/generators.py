"""Small generators, and what holds for each of them."""

import copy

import torch
from torch import Tensor, nn

from pipelines.nn.resnet import ResNet
from pipelines.nn.unet import UNet
from tests.inference.reference_layout import lived_in


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(5)) * 2 - 1


def tiny_unet(**settings: object) -> UNet:
    torch.manual_seed(0)
    return UNet(3, **{"downs": 5, "width": 2, **settings})  # type: ignore[arg-type]


def tiny_resnet(**settings: object) -> ResNet:
    torch.manual_seed(0)
    return ResNet(3, **{"blocks": 2, "width": 2, **settings})  # type: ignore[arg-type]


def check_reference_layout(network: nn.Module, reference: nn.Module, size: int) -> None:
    """Weights of the published layout load in their order and give the same pictures."""
    lived_in(reference, 3, size)
    wanted = {name: tensor.shape for name, tensor in reference.state_dict().items()}
    assert list(wanted.items()) == [(name, tensor.shape) for name, tensor in network.state_dict().items()]
    network.load_state_dict(reference.state_dict())
    picture = noise(2, 3, size, size)
    with torch.no_grad():
        result, truth = network.eval()(picture), reference(picture)
    assert truth.std() > 0.05, "the comparison says nothing"
    torch.testing.assert_close(result, truth, rtol=0, atol=1e-5)


def check_gradients(network: nn.Module, reference: nn.Module) -> None:
    """Gradients are those of layers that write nothing in place."""
    network, reference = network.double().eval(), reference.double().eval()
    reference.load_state_dict(network.state_dict())
    for each in (network, reference):
        each(noise(1, 3, 32, 32).double()).square().sum().backward()
    for (name, mine), theirs in zip(network.named_parameters(), reference.parameters(), strict=True):
        assert mine.grad is not None
        torch.testing.assert_close(mine.grad, theirs.grad, msg=lambda text, name=name: f"{name}: {text}")


def check_checkpointing(network: nn.Module) -> None:
    """Checkpointing changes memory and nothing else."""
    saved = []
    for checkpointing in (False, True):
        twin, held = copy.deepcopy(network), 0
        twin.checkpointing = checkpointing  # type: ignore[assignment]

        def keep(tensor: Tensor) -> Tensor:
            nonlocal held
            held += tensor.numel()
            return tensor

        torch.manual_seed(3)  # for dropout
        picture = noise(2, 3, 64, 64)
        before = picture.clone()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = twin(picture)
        result.square().sum().backward()
        assert torch.equal(picture, before), "the input was written to"
        gradients = [parameter.grad for parameter in twin.parameters()]
        saved.append((held, result, gradients, list(twin.buffers())))
    (all_held, result, gradients, buffers), (few_held, result_too, gradients_too, buffers_too) = saved
    assert few_held < 0.8 * all_held
    torch.testing.assert_close(result, result_too)
    torch.testing.assert_close(gradients, gradients_too)
    torch.testing.assert_close(buffers, buffers_too)  # batch norms have seen the batch once, not twice
