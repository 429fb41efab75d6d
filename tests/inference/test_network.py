"""Facts about networks that are ready to run: what they may give, when they are loaded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.core.errors import MethodError, UsageError
from pipelines.inference.image_predictor import predict_pictures
from pipelines.inference.letterbox import letterbox
from pipelines.inference.model_source import find_models
from tests.inference.means import network
from tests.inference.onnx_networks import canvas
from tests.inference.scenes import circle, no_hints


def test_a_network_that_gives_no_numbers_is_an_error_of_the_picture() -> None:
    with pytest.raises(MethodError, match="no numbers"):
        predict_pictures(network(float("nan")), [letterbox(circle(32, 32), no_hints(32, 32), 32)])


def test_a_file_that_was_replaced_meanwhile_is_not_run(files: dict[str, bytes], file: Callable[[str], str]) -> None:
    (painter,) = find_models([file("resnet")])
    Path(painter.checkpoint).write_bytes(files["layers"])
    with pytest.raises(UsageError, match="replaced meanwhile"):
        painter.predict([canvas(60)], "cpu")
