"""Facts about torch as an engine: its threads, what it gives, that nothing learns."""

import torch

from pipelines.inference.image_predictor import predict_pictures
from pipelines.inference.letterbox import letterbox
from tests.inference.means import network
from tests.inference.scenes import circle, no_hints


def test_painting_leaves_the_number_of_threads_as_it_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        predict_pictures(network(), [letterbox(circle(32, 32), no_hints(32, 32), 32)])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
