"""What paints: hints reach the picture by both ways, VGG19 sees them on grey and never learns, attention is shown."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from pipelines.core.settings import plain
from pipelines.inference.checkpoint import load_checkpoint, write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.models import csa
from pipelines.models.csa.network import AttentionPainter
from pipelines.nn.attention.spatial_attention import HintNetwork
from pipelines.nn.pretrained.feature_networks import Vgg19

SMALL = {"size": 64, "width": 2, "blocks": 2, "ndf": 2, "layers_d": 1, "vgg_width": 2}


def painter(**settings: object) -> AttentionPainter:
    torch.manual_seed(0)
    return csa.build_network(csa.Params(**{**SMALL, **settings}))  # type: ignore[arg-type]


def layers(*, size: int = 64, hinted: bool = True, batch: int = 1) -> Tensor:
    """Paper with a line, and one hinted pixel."""
    drawing = torch.ones(batch, 5, size, size)
    drawing[:, 0, size // 2] = -1
    drawing[:, 1:4] = 0
    drawing[:, 4] = -1
    if hinted:
        drawing[:, 1:, 5, 7] = torch.tensor([0.9, -1.0, -0.5, 1.0])
    return drawing


@pytest.mark.parametrize("settings", [{}, {"hint_features": "learned"}, {"attention": False}])
def test_one_hinted_pixel_changes_the_picture(settings: dict[str, object]) -> None:
    network = painter(**settings).eval()
    with torch.no_grad():
        assert (network(layers()) - network(layers(hinted=False))).abs().max() > 1e-5


@pytest.mark.parametrize("kind", ["vgg19", "learned"])
def test_hints_reach_the_attention(kind: str) -> None:
    network = painter(hint_features=kind).eval()
    with torch.no_grad():
        (_, attention), (_, without) = network.outputs(layers()), network.outputs(layers(hinted=False))
    assert attention.shape == (1, 1, 64, 64)
    assert attention.abs().max() <= 1
    assert not torch.equal(attention, without)


def test_vgg19_sees_hints_on_mid_grey_and_learned_features_their_mask_from_0_to_1() -> None:
    seen: list[Tensor] = []
    for kind, features in (("vgg19", Vgg19), ("learned", HintNetwork)):
        network = painter(hint_features=kind)
        assert isinstance(network.hint_features, features)
        network.hint_features.register_forward_pre_hook(lambda _layer, given: seen.append(given[0]))
        network(layers())
    shown, learned = seen
    assert shown.shape[1] == 3
    torch.testing.assert_close(shown[0, :, 5, 7], torch.tensor([0.9, -1.0, -0.5]))
    assert not shown[0, :, 0, 0].any(), "mid grey is 0"
    torch.testing.assert_close(learned[0, :, 5, 7], torch.tensor([0.9, -1.0, -0.5, 1.0]))
    assert not learned[0, :, 0, 0].any()


def test_vgg19_is_the_twelfth_convolution_before_its_relu_and_never_learns() -> None:
    network = painter().train()
    vgg = network.hint_features
    assert isinstance(vgg, Vgg19)
    assert not vgg.training
    assert len(vgg.features) == 26, "it ends at index 25"
    assert (vgg(layers()[:, 1:4]) < 0).any()
    network(layers()).sum().backward()
    assert all(weight.grad is None for weight in vgg.parameters())
    assert all(weight.grad is not None for weight in network.generator.parameters())


def test_learned_features_learn() -> None:
    network = painter(hint_features="learned").train()
    network(layers()).sum().backward()
    assert network.hint_features is not None
    assert all(weight.grad is not None and weight.grad.any() for weight in network.hint_features.parameters())


def test_hint_features_arrive_at_the_blocks_about_as_large_as_they_were() -> None:
    torch.manual_seed(0)
    network = csa.build_network(csa.PRESETS["small"])
    noise = torch.randn(2, 64, 16, 16)
    with torch.no_grad():
        (reduced,) = (reduce(noise) for reduce in network.generator.hints)
    assert 0.5 < reduced.square().mean().sqrt() < 2, "with a deviation of 0.02, 0.03 is left"


def test_without_attention_there_is_one_output() -> None:
    network = painter(attention=False).eval()
    assert network.hint_features is None
    with torch.no_grad():
        (painted,) = network.outputs(layers())
        torch.testing.assert_close(painted, network(layers()))


def test_less_memory_is_asked_of_the_generator() -> None:
    network = painter()
    network.checkpointing = True
    assert network.generator.checkpointing
    assert network.checkpointing


def test_a_checkpoint_rebuilds_alone_without_the_file_of_vgg19(tmp_path: Path) -> None:
    params = csa.Params(**SMALL, vgg=str(tmp_path / "gone.pth"))  # type: ignore[arg-type]
    network = painter().eval()
    write_checkpoint(tmp_path / "run", CheckpointInfo("csa", plain(params), 1, {}), network.state_dict())
    again, info = load_checkpoint(tmp_path / "run")
    assert info.model == "csa"
    with torch.no_grad():
        assert torch.equal(again(layers()), network(layers()))
