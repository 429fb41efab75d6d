"""Facts about networks that are ready to run: what they may give, when they are loaded."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.errors import MethodError, UsageError
from pipelines.inference.checkpoint_info import read_info, spec_of
from pipelines.inference.encoding import COMPOSITE
from pipelines.inference.image_predictor import predict_pictures
from pipelines.inference.letterbox import letterbox
from pipelines.inference.model_source import find_models
from pipelines.inference.network import Network, load_network
from pipelines.inference.torch_engine import TorchEngine
from pipelines.inference.types import NetworkSpec
from tests import drawings
from tests.inference.means import network
from tests.inference.onnx_networks import canvas
from tests.inference.scenes import circle, no_hints


@pytest.fixture(autouse=True)
def _networks_are_loaded_anew() -> Iterator[None]:
    yield
    load_network.cache_clear()


# what it gives ----------------------------------------------------------------------------------------------


def test_a_network_that_gives_no_numbers_is_an_error_of_the_picture() -> None:
    with pytest.raises(MethodError, match="no numbers"):
        predict_pictures(network(float("nan")), [letterbox(circle(32, 32), no_hints(32, 32), 32)])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_no_number_in_any_of_its_tensors_is_enough(wrong: float) -> None:
    fine, broken = np.zeros((1, 3, 4, 4), np.float32), np.zeros((1, 3), np.float32)
    spec = NetworkSpec(encoding=COMPOSITE, size=4, size_multiple=1, least_size=1)
    assert len(Network(lambda _: [fine, broken.copy()], spec).run(fine)) == 2
    broken[0, 1] = wrong
    with pytest.raises(MethodError, match="no numbers"):
        Network(lambda _: [fine, broken], spec).run(fine)


def test_drawings_are_laid_into_its_own_square_with_hints_as_large_as_it_needs_them() -> None:
    lines, hints = drawings.two_circles(64), drawings.two_hints(64)
    hints[:, 40:] = 0
    covered = {}
    for least in (0.0, 0.2):
        spec = NetworkSpec(encoding=COMPOSITE, size=48, size_multiple=1, least_size=1, least_hint=least)
        box = Network(lambda inputs: [inputs], spec).letterbox(lines, hints)
        assert box.lines.shape == (48, 48)
        covered[least] = np.count_nonzero(box.hints[..., 3])
    assert covered[0.2] > 3 * covered[0.0] > 0


# when it is loaded ------------------------------------------------------------------------------------------


def test_a_network_is_loaded_once_for_each_device_and_engine(checkpoints: Path) -> None:
    weights = read_info(checkpoints / "resnet").weights_sha256
    first = load_network(str(checkpoints / "resnet"), weights, "cpu")
    assert load_network(str(checkpoints / "resnet"), weights, "cpu") is first
    assert isinstance(first.engine, TorchEngine)
    assert first.spec == spec_of(read_info(checkpoints / "resnet"))


def test_a_checkpoint_that_was_replaced_meanwhile_is_not_run(checkpoints: Path, tmp_path: Path) -> None:
    mine = shutil.copytree(checkpoints / "layers", tmp_path / "mine")
    (source,) = find_models([str(mine)])
    shutil.rmtree(mine)
    shutil.copytree(checkpoints / "composite", mine)
    with pytest.raises(UsageError, match="replaced meanwhile"):
        source.load("cpu")


def test_a_file_that_was_replaced_meanwhile_is_not_run(files: dict[str, bytes], file: Callable[[str], str]) -> None:
    (painter,) = find_models([file("resnet")])
    Path(painter.checkpoint).write_bytes(files["layers"])
    with pytest.raises(UsageError, match="replaced meanwhile"):
        painter.predict([canvas(60)], "cpu")
