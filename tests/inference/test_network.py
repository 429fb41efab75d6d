"""Facts about networks that are ready to run: what they may give, when they are loaded."""

import pytest

from pipelines.core.errors import MethodError
from pipelines.inference.image_predictor import predict_pictures
from pipelines.inference.letterbox import letterbox
from tests.inference.means import network
from tests.inference.scenes import circle, no_hints


def test_a_network_that_gives_no_numbers_is_an_error_of_the_picture() -> None:
    with pytest.raises(MethodError, match="no numbers"):
        predict_pictures(network(float("nan")), [letterbox(circle(32, 32), no_hints(32, 32), 32)])
