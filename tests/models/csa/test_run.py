"""Whole runs with VGG19 from a file: refused before any work, resumed bit for bit, colouring without the file."""

import json
from pathlib import Path

import pytest

from pipelines.core.errors import UsageError
from pipelines.core.files import sha256_of_file
from pipelines.inference.checkpoint_info import read_info
from pipelines.inference.model_source import find_models
from pipelines.nn.pretrained.feature_networks import Vgg16, Vgg19
from tests.inference.onnx_networks import canvas
from tests.nn.pretrained.feature_weights import feature_file
from tests.runs import Watcher, content, go

pytestmark = pytest.mark.usefixtures("one_thread")

WITH_VGG = {"hint_features": "vgg19", "perceptual": "vgg19", "vgg_width": "2"}


def test_a_run_with_vgg19_resumes_bit_for_bit_and_colours_without_the_file(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    file = feature_file(tmp_path / "vgg.pth", Vgg19, width=2)
    values = {**WITH_VGG, "vgg": file}
    go(train_pairs["csa"], tmp_path / "straight", "csa", values=values, steps=4)
    go(train_pairs["csa"], tmp_path / "stopped", "csa", values=values, steps=4, watcher=Watcher(3))
    go(train_pairs["csa"], tmp_path / "stopped", "csa", values=values, steps=4)
    assert content(tmp_path / "stopped") == content(tmp_path / "straight")
    about = json.loads((tmp_path / "straight" / "run.json").read_text(encoding="utf-8"))
    assert about["weight_files"] == {"vgg": sha256_of_file(Path(file))}
    assert about["params"]["vgg"] == file
    assert read_info(tmp_path / "straight" / "last").params["vgg"] == "", "a checkpoint tells no place of the machine"
    Path(file).unlink()
    for engine in ("torch", "onnx"):
        if engine == "onnx":
            pytest.importorskip("onnxruntime")
        (source,) = find_models([str(tmp_path / "straight")], engine=engine)
        (result,) = source.predict([canvas(48)], "cpu")
        assert result.colour.shape == (48, 48, 3)
        assert result.steps["attention"].shape == result.steps["raw"].shape == (32, 32, 3), "the network's size"


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (None, {}, "csa needs the weights of VGG19"),
        (None, {"vgg": "gone.pth"}, "vgg: gone.pth is no file"),
        (Vgg16, {}, "holds VGG16, no VGG19"),
        (Vgg19, {"vgg_width": "4"}, "has 2 channels in its first block instead of 4"),
    ],
)
def test_files_that_do_not_fit_are_refused_before_any_work(
    train_pairs: dict[str, Path],
    tmp_path: Path,
    kind: type[Vgg16] | type[Vgg19] | None,
    values: dict[str, str],
    message: str,
) -> None:
    values = {**WITH_VGG, **values}
    if kind is not None:
        values["vgg"] = feature_file(tmp_path / "vgg.pth", kind, width=2)
    with pytest.raises(UsageError, match=message) as raised:
        go(train_pairs["csa"], tmp_path / "run", "csa", values=values, steps=2)
    assert "\n" not in raised.value.message
    assert not (tmp_path / "run").exists()
