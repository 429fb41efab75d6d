"""Facts about files of the public reference implementation: what they show of their generator, and the way back."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipelines.core.errors import ColorizeError, UsageError
from pipelines.inference.reference_files import (
    GeneratorLayout,
    architectures,
    describe_params,
    normalise_weights,
    read_layout,
    read_weights,
    write_weights,
)
from pipelines.models import cyclegan, pix2pix
from pipelines.nn.blocks import Norm
from tests.inference.reference_layout import ReferenceResNet, ReferenceUNet

UNET = GeneratorLayout("unet_128", inputs=5, outputs=3, width=2, norm="batch", dropout=None)
RESNET = GeneratorLayout("resnet_6blocks", inputs=3, outputs=3, width=2, norm="instance", dropout=True)


def described(layout: GeneratorLayout, architecture: str | None = None, **options: Any) -> tuple[str, dict[str, Any]]:
    return describe_params(layout, architecture, source="G.pth", **options)


# what a file shows ------------------------------------------------------------------------------------------


def test_each_generator_belongs_to_one_model() -> None:
    models = architectures()
    assert {name for name, model in models.items() if model == "pix2pix"} == set(pix2pix.REFERENCE_GENERATORS)
    assert {name for name, model in models.items() if model == "cyclegan"} == set(cyclegan.REFERENCE_GENERATORS)
    assert set(models.values()) == {"pix2pix", "cyclegan"}


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize(("scales", "inputs"), [(7, 3), (7, 5), (8, 3), (5, 3)])
def test_a_unet_shows_its_size_channels_width_and_norm(norm: Norm, scales: int, inputs: int) -> None:
    weights = ReferenceUNet(inputs, scales, 1, norm=norm).state_dict()
    wanted = GeneratorLayout(f"unet_{2**scales}", inputs, 3, 1, norm, None)
    assert read_layout(weights, source="G.pth") == wanted


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("dropout", [True, False])
def test_a_resnet_shows_its_dropout_too(norm: Norm, dropout: bool) -> None:
    for blocks, width in ((6, 2), (9, 3)):
        weights = ReferenceResNet(3, blocks, width, norm=norm, dropout=dropout).state_dict()
        wanted = GeneratorLayout(f"resnet_{blocks}blocks", 3, 3, width, norm, dropout)
        assert read_layout(weights, source="G.pth") == wanted


def test_what_is_no_generator_is_named() -> None:
    judge = {f"model.{name}": tensor for name, tensor in nn.Sequential(nn.Conv2d(6, 4, 4)).state_dict().items()}
    with pytest.raises(UsageError, match=r"D\.pth holds a discriminator, which does not colour"):
        read_layout(judge, source="D.pth")
    with pytest.raises(UsageError, match="holds no generator of a known layout") as raised:
        read_layout(nn.Linear(2, 2).state_dict(), source="x.pth")
    assert "unet_256" in raised.value.hint
    weights = {name: value for name, value in ReferenceResNet(3, 6, 2).state_dict().items() if "model.1." not in name}
    with pytest.raises(UsageError, match=r"no whole generator: model\.1\.weight is missing"):
        read_layout(weights, source="G.pth")


# what becomes of it -----------------------------------------------------------------------------------------


def test_settings_of_a_file_are_what_it_shows_and_what_is_asked_for_where_it_does_not() -> None:
    unet = {"generator": "unet_128", "ngf": 2, "norm": "batch", "input": "layers"}
    assert described(UNET) == ("pix2pix", unet | {"dropout": True})
    assert described(UNET, "unet_128", dropout=False) == ("pix2pix", unet | {"dropout": False})
    resnet = {"generator": "resnet_6blocks", "ngf": 2, "norm": "instance", "dropout": True}
    assert described(RESNET, dropout=False) == ("cyclegan", resnet), "the file tells better"
    assert described(RESNET, size=512) == ("cyclegan", resnet | {"size": 512})


@pytest.mark.parametrize(("channels", "name"), [(1, "lines"), (4, "hinted"), (5, "layers")])
def test_channels_say_what_a_generator_reads(channels: int, name: str) -> None:
    for layout, model in ((UNET, "pix2pix"), (RESNET, "cyclegan")):
        described_model, params = described(layout._replace(inputs=channels))
        assert (described_model, params["input"]) == (model, name)
        module = {"pix2pix": pix2pix, "cyclegan": cyclegan}[model]
        resolved = module.Params(**params)  # refuses what it cannot be
        assert module.network_spec(resolved).encoding.channels == channels
        network = module.build_network(resolved)
        assert next(network.parameters()).shape[1] == channels


@pytest.mark.parametrize(
    ("layout", "options", "message", "hint"),
    [
        (UNET, {"architecture": "unet_256"}, "G.pth holds a unet_128, not a unet_256", "Use --arch unet_128"),
        (UNET._replace(architecture="unet_64"), {}, "holds a unet_64", "Did you mean"),
        (UNET._replace(inputs=6), {}, "turns 6 channels into 3", "1 or 3 or 4 or 5 into 3"),
        (RESNET._replace(inputs=2), {}, "turns 2 channels into 3", "turns 1 or 3 or 4 or 5 into 3"),
        (RESNET._replace(outputs=1), {}, "turns 3 channels into 1", "into 3"),
        (UNET, {"size": 128}, "the size of a unet_128 is fixed", "--size"),
    ],
)
def test_what_no_model_here_has_is_refused(
    layout: GeneratorLayout, options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as raised:
        described(layout, **options)
    assert message in raised.value.message
    assert hint in raised.value.hint


def test_statistics_are_those_of_batch_norms_alone_each_with_a_count() -> None:
    old = {"a.weight": torch.ones(2), "a.running_mean": torch.ones(2), "a.running_var": torch.ones(2)}
    assert set(normalise_weights(old, "instance")) == {"a.weight"}
    counted = normalise_weights(old, "batch")
    assert set(counted) == {*old, "a.num_batches_tracked"}
    again = normalise_weights(counted | {"a.num_batches_tracked": torch.tensor(7)}, "batch")
    assert again["a.num_batches_tracked"] == 7, "a count that is there stays"


# files ------------------------------------------------------------------------------------------------------


def write(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.module."])
def test_names_lose_what_several_devices_and_compilers_put_before_them(tmp_path: Path, prefix: str) -> None:
    file = write(tmp_path / "G.pth", {f"{prefix}model.1.weight": torch.ones(2), f"{prefix}module_a": torch.ones(1)})
    assert set(read_weights(file)) == {"model.1.weight", "module_a"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "holds no weights by name"),
        ([torch.ones(1)], "holds no weights by name"),
        ({"epoch": 3}, "epoch is no tensor"),
        ({3: torch.ones(1)}, "3 is no tensor"),
    ],
)
def test_files_that_hold_no_weights_by_name_are_refused(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_weights(write(tmp_path / "G.pth", content))


def test_files_that_torch_does_not_know_are_refused(tmp_path: Path) -> None:
    (tmp_path / "G.pth").write_bytes(b"junk" * 99)
    with pytest.raises(UsageError, match=r"G\.pth is damaged or no file of torch weights"):
        read_weights(tmp_path / "G.pth")
    with pytest.raises(UsageError, match=r"gone\.pth is no file"):
        read_weights(tmp_path / "gone.pth")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    network = ReferenceResNet(3, 6, 2)
    write_weights(tmp_path / "deep" / "G.pth", network)
    again = read_weights(tmp_path / "deep" / "G.pth")
    wanted: dict[str, Tensor] = network.state_dict()
    assert list(again) == list(wanted)
    assert all(torch.equal(again[name], tensor) for name, tensor in wanted.items())
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["G.pth"]


def test_equal_networks_are_equal_bytes_wherever_they_lie(tmp_path: Path) -> None:
    network = ReferenceResNet(3, 6, 1)
    for name in ("a.pth", "b/long-name.pth"):
        write_weights(tmp_path / name, network)
    assert (tmp_path / "a.pth").read_bytes() == (tmp_path / "b" / "long-name.pth").read_bytes()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ColorizeError, match="cannot be written") as raised:
        write_weights(tmp_path / "file" / "G.pth", nn.Linear(1, 1))
    assert "\n" not in raised.value.message


def resnet_of_cut() -> dict[str, Tensor]:
    """Names and shapes of CUT's own ResNet with two residual blocks, width 2."""
    shapes = {"1": (2, 3, 7, 7), "4": (4, 2, 3, 3), "8": (8, 4, 3, 3), "15": (4, 8, 3, 3), "19": (2, 4, 3, 3)}
    shapes |= {f"{block}.conv_block.{layer}": (8, 8, 3, 3) for block in (12, 13) for layer in (1, 5)}
    weights = {f"model.{name}.weight": torch.zeros(shape) for name, shape in shapes.items()}
    weights |= {f"model.{number}.filt": torch.ones(4, 1, 3, 3) for number in (7, 11, 14, 18)}
    return weights | {"model.23.weight": torch.zeros(3, 2, 7, 7)}


def test_the_antialiased_resnet_of_cut_is_refused_by_its_name() -> None:
    with pytest.raises(
        UsageError, match=r"cut\.pth holds the antialiased ResNet of CUT, which is not known here"
    ) as raised:
        read_layout(resnet_of_cut(), source="cut.pth")
    assert "--no_antialias --no_antialias_up" in raised.value.hint


def test_a_resnet_with_other_layers_is_not_taken_for_one_of_other_channels() -> None:
    weights = {name: value for name, value in resnet_of_cut().items() if not name.endswith(".filt")}
    with pytest.raises(UsageError, match="holds a ResNet whose layers are none known here"):
        read_layout(weights, source="other.pth")
