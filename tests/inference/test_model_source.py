"""Facts about what `--model` means: names, checkpoints and files, labels, what a model can do, what is refused."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.core import registry
from pipelines.core.errors import ColorizeError, SettingsError, UsageError
from pipelines.inference import image_predictor
from pipelines.inference.checkpoint_info import SHIPPED, read_info
from pipelines.inference.model_source import ModelSource, device_for, find_models
from pipelines.inference.types import NetworkSpec
from pipelines.models import fillnet, flat, pix2pix
from pipelines.nn import devices
from tests.inference.onnx_networks import KINDS, canvas
from tests.plugins import Installed


def find(*texts: str | Path, **options: Any) -> list[ModelSource]:
    return list(find_models([str(text) for text in texts], **options))


# names ------------------------------------------------------------------------------------------------------


def test_a_model_without_weights_is_named_and_has_its_settings() -> None:
    (source,) = find("flat")
    assert source == ModelSource("flat", "flat", flat.Params())
    assert not source.is_network
    (chosen,) = find("mine=flat", values={"gap": "3"})
    assert (chosen.label, chosen.params) == ("mine", flat.Params(gap=3))


def test_a_model_that_comes_with_its_weights_is_named_too() -> None:
    (source,) = find("fillnet")
    assert source.is_network
    assert Path(source.checkpoint) == SHIPPED / "fillnet"
    assert source.weights == read_info("fillnet").weights_sha256
    assert (source.label, source.model, source.engine) == ("fillnet", "fillnet", "torch")


def test_a_checkpoint_is_called_as_its_model_or_by_a_label(checkpoints: Path) -> None:
    plain, named = find(checkpoints / "layers", f"first-one_2={checkpoints / 'layers'}")
    assert (plain.label, named.label) == ("pix2pix", "first-one_2")
    assert plain.params == named.params
    assert plain.weights == named.weights == read_info(checkpoints / "layers").weights_sha256


def test_an_equals_sign_in_a_path_makes_no_label(checkpoints: Path, tmp_path: Path) -> None:
    place = shutil.copytree(checkpoints / "resnet", tmp_path / "lr=2" / "net")
    (source,) = find(place)
    assert (source.label, source.checkpoint) == ("cyclegan", str(place))
    (named,) = find(f"a={place}")
    assert (named.label, named.checkpoint) == ("a", str(place))


def test_settings_are_for_the_models_without_weights_among_several(checkpoints: Path) -> None:
    network, filled = find(checkpoints / "layers", "flat", values={"guess": "false"})
    assert filled.params == flat.Params(guess=False)
    assert network.params == read_info(checkpoints / "layers").params


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        (("flatt",), "flatt does not exist", "fillnet, flat"),
        (("pix2pix",), "'pix2pix' has to be trained first", "--model pix2pix=RUN"),
        (("pix2pix=",), "names no model", "--model pix2pix="),
        (("a b=flat",), "'a b' is no name", "letters, digits"),
        (("=flat",), "'' is no name", "letters, digits"),
        (("flat", "flat"), "two models are called 'flat'", "Give them names"),
        (("a=flat", "fillnet", "a=fillnet"), "two models are called 'a'", "Give them names"),
        (("mine.py",), "mine.py is Python code, which is not run by its path", "colorize_cli.models"),
        (("flat", "gone.onnx"), "gone.onnx cannot be read", "models export"),
    ],
)
def test_what_is_no_model_is_refused_with_what_to_type(texts: tuple[str, ...], message: str, hint: str) -> None:
    with pytest.raises(ColorizeError) as raised:
        find(*texts)
    assert message in raised.value.message
    assert hint in raised.value.hint
    assert raised.value.exit_code == 2


def test_networks_alone_take_no_settings() -> None:
    for options in ({"values": {"gap": 3}}, {"preset": "standard"}):
        with pytest.raises(SettingsError, match="no settings to choose"):
            find("fillnet", **options)
    with pytest.raises(SettingsError, match="no setting 'gapp'"):
        find("flat", values={"gapp": 3})


def test_weights_that_are_not_those_of_the_card_are_refused_before_any_work(checkpoints: Path, tmp_path: Path) -> None:
    mine = shutil.copytree(checkpoints / "resnet", tmp_path / "mine")
    content = bytearray((mine / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (mine / "weights.safetensors").write_bytes(content)
    with pytest.raises(UsageError, match="damaged"):
        find(mine)


# what it can do ---------------------------------------------------------------------------------------------


def test_traits_are_what_the_model_says_of_itself() -> None:
    filled, shipped = find("flat", "fillnet")
    assert filled.traits is flat.TRAITS
    assert filled.steps == ()
    assert isinstance(shipped.traits, NetworkSpec)
    assert shipped.traits == fillnet.network_spec(fillnet.PRESETS["standard"])
    assert shipped.traits.finds_line_colour and not filled.traits.finds_line_colour


@pytest.mark.parametrize("kind", KINDS)
def test_traits_of_a_network_are_known_without_its_weights(kind: str, checkpoints: Path) -> None:
    module, params = KINDS[kind]
    info = read_info(checkpoints / kind)
    nowhere = ModelSource("a", info.model, info.params, "/there/is/no/such/folder", "digest")
    assert nowhere.traits == module.network_spec(params)
    assert nowhere.steps == tuple(f"a-{step}" for step in module.network_spec(params).steps)


def test_a_network_goes_its_models_own_way_else_that_of_all(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(image_predictor, "predict", lambda network, drawings: asked.append("every") or [])
    monkeypatch.setattr(fillnet, "predict", lambda network, drawings: asked.append("own") or [])
    for kind in ("layers", "fillnet", "resnet"):
        (source,) = find(checkpoints / kind)
        source.predict([canvas(32)], "cpu")
    assert asked == ["every", "own", "every"]
    assert not hasattr(pix2pix, "predict")


def test_a_model_without_weights_is_given_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(flat, "predict", lambda params, drawings: given.append((params, len(drawings))) or [])
    find("flat", values={"gap": 5})[0].predict([canvas(32)] * 2, "cpu")
    assert given == [(flat.Params(gap=5), 2)]


# devices ----------------------------------------------------------------------------------------------------


def test_models_without_weights_ask_for_no_device() -> None:
    assert device_for(find("flat"), "cuda") == "cpu"
    assert device_for([], "auto") == "cpu"


def test_networks_run_where_they_can() -> None:
    network = ModelSource("a", "pix2pix", {}, "somewhere", "digest")
    exported = ModelSource("b", "pix2pix", {}, "somewhere", "digest", "onnx")
    assert device_for([network], "cpu") == device_for([exported], "auto") == device_for([exported, network], "cpu")
    with pytest.raises(UsageError, match="on the CPU"):
        device_for([exported], "cuda")
    with pytest.raises(UsageError, match="no device 'tpu'"):
        device_for([network], "tpu")


# precision --------------------------------------------------------------------------------------------------


def test_the_precision_is_asked_of_networks_and_settled_where_they_run(
    checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter, filler, flat_one = find(checkpoints / "layers", "fillnet", "flat", precision="auto")
    assert [source.precision for source in (painter, filler, flat_one)] == ["auto", "fp32", "fp32"]
    for is_faster, precision in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(devices, "_has_bf16", lambda _, is_faster=is_faster: is_faster)
        assert [source.on("cpu").precision for source in (painter, filler)] == [precision, "fp32"]
    assert find("fillnet", precision="bf16")[0].on("cpu").precision == "bf16"  # whoever says so has it
    assert find(checkpoints / "layers")[0].on("cpu").precision == "fp32"


def test_a_network_in_another_precision_is_another(checkpoints: Path) -> None:
    single, half = (find(checkpoints / "layers", precision=each)[0].load("cpu") for each in ("fp32", "bf16"))
    channels, size = single.spec.encoding.channels, single.spec.size
    given = np.random.default_rng(0).random((1, channels, size, size), np.float32)
    assert not np.array_equal(single.run(given)[0], half.run(given)[0])


def test_a_precision_that_cannot_be_is_refused(checkpoints: Path) -> None:
    with pytest.raises(SettingsError, match="fp16 needs a GPU"):
        find(checkpoints / "layers", precision="fp16")[0].load("cpu")
    with pytest.raises(UsageError, match="onnxruntime runs pix2pix in fp32"):
        find(checkpoints / "layers", precision="bf16", engine="onnx")
    assert find(checkpoints / "layers", precision="auto", engine="onnx")[0].precision == "fp32"


# of installed packages --------------------------------------------------------------------------------------


def test_a_model_of_an_installed_package_colours_like_any_other(installed: Installed) -> None:
    installed("plugged-flat")
    (source,) = find("mine=plugged_flat", values={"level": "9"})
    assert (source.label, source.model, source.is_network) == ("mine", "plugged_flat", False)
    assert source.traits.can_vary
    assert source.steps == ("mine-plan",)
    (result,) = source.predict([canvas(32)], "cpu")
    assert (result.colour == np.uint8(9)).all()
    (dark,) = find("plugged_flat", preset="dark")
    assert dark.params == registry.load("models", "plugged_flat").Params(7)


def test_a_model_of_an_installed_package_is_offered_where_a_name_is_wrong(installed: Installed) -> None:
    installed("plugged-flat")
    with pytest.raises(UsageError) as raised:
        find("plugged")
    assert "plugged_flat" in raised.value.hint


def test_one_that_learns_has_to_be_trained_first(installed: Installed) -> None:
    installed("plugged-learner", "raise RuntimeError('imported')\n\ndef build_task(params):\n    pass\n")
    with pytest.raises(UsageError, match="'plugged_learner' has to be trained first"):
        find("plugged_learner")
    assert "plugged_learner.painter" not in sys.modules
