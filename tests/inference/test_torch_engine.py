"""Facts about torch as an engine: its threads, what it gives, that nothing learns."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipelines.inference.image_predictor import predict_pictures
from pipelines.inference.letterbox import letterbox
from pipelines.inference.torch_engine import TorchEngine, outputs_of
from tests.inference.means import Mean, network
from tests.inference.scenes import circle, no_hints


class Several(nn.Module):
    """A network of several outputs, one of them in half precision."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(2.0))

    def forward(self, pictures: Tensor) -> Tensor:
        raise AssertionError("its outputs are asked for")

    def outputs(self, pictures: Tensor) -> tuple[Tensor, ...]:
        return self.gain * pictures, pictures.mean((2, 3)).bfloat16()


class Torn(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        raise RuntimeError("torn")


def test_painting_leaves_the_number_of_threads_as_it_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        predict_pictures(network(), [letterbox(circle(32, 32), no_hints(32, 32), 32)])
        assert torch.get_num_threads() == 2
        with pytest.raises(RuntimeError, match="torn"):
            TorchEngine(Torn(), "cpu")(np.zeros((1, 3, 4, 4), np.float32))
        assert torch.get_num_threads() == 2, "nor does one that fails"
    finally:
        torch.set_num_threads(before)


def test_a_network_gives_its_outputs_where_it_has_several_else_its_picture() -> None:
    pictures = torch.rand(2, 3, 4, 4)
    assert [tensor.shape for tensor in outputs_of(Several(), pictures)] == [(2, 3, 4, 4), (2, 3)]
    (picture,) = outputs_of(Mean(), pictures)
    torch.testing.assert_close(picture[:, :, 0, 0], pictures.mean((2, 3)))


def test_what_it_gives_is_single_precision_whatever_the_network_computes_in() -> None:
    given = np.random.default_rng(0).random((2, 3, 4, 4), np.float32)
    doubled, means = TorchEngine(Several(), "cpu")(given)
    assert doubled.dtype == means.dtype == np.float32
    assert np.array_equal(doubled, 2 * given)
    np.testing.assert_allclose(means, given.mean((2, 3)), rtol=1e-2)


def test_a_network_that_runs_learns_nothing() -> None:
    module = Several()
    TorchEngine(module, "cpu")(np.zeros((1, 3, 4, 4), np.float32))
    assert not module.gain.requires_grad
    assert module.gain.grad is None
