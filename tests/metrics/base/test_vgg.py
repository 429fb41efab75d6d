"""What LPIPS and the Gram distance are given."""

import numpy as np
import torch

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.vgg import VggMetric
from tests.metrics.networks import BLOCKS, noise_case


class Recording(VggMetric):
    """Keeps the features that it was asked to compare."""

    blocks: "list[torch.Tensor]"

    def distance(self, blocks: "list[torch.Tensor]", weights: str) -> float:
        self.blocks = blocks
        return float((blocks[0][0] - blocks[0][1]).abs().max())


def test_each_block_gives_features_of_result_and_truth(vgg: str) -> None:
    metric = Recording(vgg)
    assert metric.measure(noise_case(0)) != 0
    assert [tuple(features.shape) for features in metric.blocks] == [
        (2, width, 32 >> block, 32 >> block) for block, width in enumerate(BLOCKS)
    ]


def test_equal_pictures_have_equal_features(vgg: str) -> None:
    truth = noise_case(0).truth
    assert Recording(vgg).measure(Case(truth.copy(), truth)) == 0


def test_the_mean_colour_of_photographs_is_nothing_to_the_network(vgg: str) -> None:
    state = torch.load(vgg, weights_only=True)
    grey = np.broadcast_to(np.array([0.485, 0.456, 0.406]) * 255, (16, 16, 3)).round().astype(np.uint8)
    metric = Recording(vgg)
    metric.measure(Case(grey, grey))
    first = torch.nn.functional.conv2d(
        torch.zeros(1, 3, 16, 16), state["features.0.weight"], state["features.0.bias"], padding=1
    )
    second = torch.nn.functional.conv2d(
        first.relu(), state["features.2.weight"], state["features.2.bias"], padding=1
    ).relu()
    torch.testing.assert_close(metric.blocks[0][0], second[0], atol=0.1, rtol=0.1)


def test_pictures_smaller_than_what_is_pooled_are_not_measured(vgg: str) -> None:
    assert Recording(vgg).measure(noise_case(0, 15)) is None
    assert Recording(vgg).measure(noise_case(0, 16)) is not None
