"""The published networks: parameter counts, shapes, receptive fields, layout, memory, initial weights."""

import copy

import pytest
import torch
from torch import Tensor, nn

from pipelines.core.errors import SettingsError
from pipelines.models import cyclegan, pix2pix
from pipelines.models.cyclegan import task as cyclegan_task
from pipelines.models.pix2pix import task as pix2pix_task
from pipelines.nn.adversarial import PatchGan
from pipelines.nn.resnet import ResNet
from pipelines.nn.unet import UNet
from tests.inference.reference_layout import ReferenceResNet, ReferenceUNet, lived_in


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(5)) * 2 - 1


def tiny_unet(**settings: object) -> UNet:
    torch.manual_seed(0)
    return UNet(3, **{"downs": 5, "width": 2, **settings})  # type: ignore[arg-type]


def tiny_resnet(**settings: object) -> ResNet:
    torch.manual_seed(0)
    return ResNet(3, **{"blocks": 2, "width": 2, **settings})  # type: ignore[arg-type]


def test_published_parameter_counts() -> None:
    with torch.device("meta"):
        paired, unpaired = pix2pix_task.Task(pix2pix.Params()).networks, cyclegan_task.Task(cyclegan.Params()).networks
    assert count(paired["generator"]) == 54_413_955  # "54.414 M"
    assert count(paired["discriminator"]) == 2_768_705  # "2.769 M", 6 channels
    assert count(unpaired["generator_a"]) == count(unpaired["generator_b"]) == 11_378_179  # "11.378 M"
    assert count(unpaired["discriminator_a"]) == 2_764_737  # "2.765 M", 3 channels


@pytest.mark.parametrize(("downs", "shape"), [(5, (32, 32)), (5, (64, 96)), (7, (128, 256)), (8, (256, 256))])
def test_unet_keeps_the_size_of_any_multiple(downs: int, shape: tuple[int, int]) -> None:
    with torch.no_grad():
        result = UNet(5, downs=downs, width=1)(noise(2, 5, *shape))
    assert result.shape == (2, 3, *shape)
    assert result.abs().max() <= 1


@pytest.mark.parametrize("shape", [(8, 8), (32, 20), (64, 48)])
def test_resnet_keeps_the_size_of_any_multiple_of_four(shape: tuple[int, int]) -> None:
    with torch.no_grad():
        result = tiny_resnet()(noise(2, 3, *shape))
    assert result.shape == (2, 3, *shape)
    assert result.abs().max() <= 1


@pytest.mark.parametrize(("generator", "scales"), [("unet_128", 7), ("unet_256", 8), ("unet_512", 9)])
def test_a_unet_of_a_size_ends_in_one_pixel(generator: str, scales: int) -> None:
    params = pix2pix.Params(generator=generator, ngf=1)  # type: ignore[arg-type]
    network = pix2pix.build_network(params).eval()
    assert params.size == 2**scales
    assert sum(isinstance(layer, nn.Dropout) for layer in network.modules()) == scales - 5
    smallest = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _layer, _given, result: smallest.append(result.shape[-1]))
    with torch.no_grad():
        network(noise(1, 3, params.size, params.size))
    assert (len(smallest), smallest[-1]) == (scales, 1)


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70), (5, 286)])
def test_a_logit_sees_exactly_its_patch(layers: int, field: int) -> None:
    judge = PatchGan(2, width=1, layers=layers, norm="none")
    for parameter in judge.parameters():
        nn.init.constant_(parameter, 0.1)  # so that nothing cancels out
    picture = noise(1, 2, field + 96, field + 96).requires_grad_()
    logits = judge(picture)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    assert picture.grad is not None
    rows, columns = (picture.grad.abs().sum((0, 1, 3 - axis)).nonzero() for axis in (0, 1))
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (field, field)
    assert (len(rows), len(columns)) == (field, field)


def test_a_patchgan_judges_30_by_30_patches_of_256_px() -> None:
    assert PatchGan(6, width=1)(noise(2, 6, 256, 256)).shape == (2, 1, 30, 30)


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("dropout", [True, False])
@pytest.mark.parametrize("kind", ["unet", "resnet"])
def test_the_reference_layout_loads_in_order_and_gives_the_same_pictures(kind: str, norm: str, dropout: bool) -> None:
    settings = {"norm": norm, "dropout": dropout}
    ours: nn.Module
    reference: nn.Module
    if kind == "unet":
        ours, reference, size = tiny_unet(downs=6, **settings), ReferenceUNet(3, 6, 2, **settings), 64
    else:
        ours, reference, size = tiny_resnet(**settings), ReferenceResNet(3, 2, 2, **settings), 32
    lived_in(reference, 3, size)
    wanted = {name: tensor.shape for name, tensor in reference.state_dict().items()}
    assert list(wanted.items()) == [(name, tensor.shape) for name, tensor in ours.state_dict().items()]
    ours.load_state_dict(reference.state_dict())
    picture = noise(2, 3, size, size)
    with torch.no_grad():
        result, truth = ours.eval()(picture), reference(picture)
    assert truth.std() > 0.05, "the comparison says nothing"
    torch.testing.assert_close(result, truth, rtol=0, atol=1e-5)


@pytest.mark.parametrize("network", [tiny_unet(), tiny_resnet()], ids=["unet", "resnet"])
def test_gradients_are_those_of_layers_that_write_nothing_in_place(network: nn.Module) -> None:
    """In-place activations on skip connections are where a U-Net goes wrong."""
    network = copy.deepcopy(network).double().eval()
    plain = (ReferenceUNet(3, 5, 2) if isinstance(network, UNet) else ReferenceResNet(3, 2, 2)).double().eval()
    plain.load_state_dict(network.state_dict())
    for each in (network, plain):
        each(noise(1, 3, 32, 32).double()).square().sum().backward()
    for (name, mine), theirs in zip(network.named_parameters(), plain.parameters(), strict=True):
        assert mine.grad is not None
        torch.testing.assert_close(mine.grad, theirs.grad, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("network", [tiny_unet(), tiny_resnet(norm="batch", dropout=True)], ids=["unet", "resnet"])
def test_checkpointing_changes_memory_and_nothing_else(network: nn.Module) -> None:
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


def test_dropout_is_noise_in_training_only() -> None:
    network, picture = tiny_unet(downs=6), noise(2, 3, 64, 64)
    nn.init.normal_(network.model.model[-2].weight, 0, 1)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    assert not torch.equal(network(picture), network(picture))
    assert torch.equal(network.eval()(picture), network(picture))


def test_initial_weights_are_drawn_as_published() -> None:
    torch.manual_seed(0)
    networks = pix2pix_task.Task(pix2pix.Params(generator="unet_128", ngf=16, ndf=16)).networks
    for network in networks.values():
        filters = torch.cat([tensor.flatten() for tensor in network.parameters() if tensor.ndim == 4])
        scales = torch.cat([layer.weight for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)])
        assert abs(filters.mean()) < 1e-4
        assert filters.std().item() == pytest.approx(0.02, rel=0.02)
        assert scales.mean().item() == pytest.approx(1, abs=0.01)
        assert scales.std().item() == pytest.approx(0.02, rel=0.2)
        biases = [tensor for name, tensor in network.named_parameters() if name.endswith("bias")]
        assert biases
        assert not any(bias.any() for bias in biases)


def test_settings_out_of_range_say_what_is_allowed() -> None:
    with pytest.raises(SettingsError, match="from 1 to 1024"):
        pix2pix.Params(ngf=0)
    with pytest.raises(SettingsError, match="Use 100"):
        cyclegan.Params(size=102)
    with pytest.raises(SettingsError, match="at least 0"):
        cyclegan.Params(identity_weight=-1.0)


@pytest.mark.parametrize("method", [pix2pix, cyclegan], ids=["pix2pix", "cyclegan"])
def test_presets_have_recipes_and_fakemon_is_150_wide(method) -> None:  # type: ignore[no-untyped-def]
    assert set(method.PRESETS) == set(method.RECIPES) == {"standard", "fakemon", "small"}
    fakemon = method.PRESETS["fakemon"]
    assert (fakemon.ngf, fakemon.ndf, fakemon.size) == (150, 150, 256)
