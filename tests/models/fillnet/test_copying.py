"""How sure the network is whose colour an area shares: what one area asks, times what another tells, scaled.

    logit = a . t / sqrt(C)

The scale is that of A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, 3.2.1: products of C numbers grow
with sqrt(C), and without it wide tokens would be sure of one area before they have learned. Weights learned with it are
right with it alone: the odds are weighed against what `flat` has guessed. The parts of the network have the names of
its checkpoints, which stay.
"""

import pytest
import torch
from torch import Tensor

from pipelines.models import fillnet
from pipelines.models.fillnet import Params
from pipelines.models.fillnet.inputs import AREAS, FILLED
from pipelines.models.fillnet.network import FillNet
from tests import drawings

SIZE = 64
WHITE, NONE = AREAS + 1, AREAS + 2  # columns of shares: the colour is white, or none of the areas'


pytestmark = pytest.mark.usefixtures("one_thread")


def network(tokens: int) -> FillNet:
    torch.manual_seed(0)
    return fillnet.build_network(Params(size=SIZE, width=8, tokens=tokens)).eval().requires_grad_(False)


def hinted_on_the_left() -> Tensor:
    """Two circles, of which the left one has a hint."""
    hints = drawings.two_hints(SIZE)
    hints[:, SIZE // 2 :] = 0
    return torch.from_numpy(FILLED.encode(drawings.two_circles(SIZE), hints)[None])


@pytest.mark.parametrize("tokens", [4, 16, 64, 256])
def test_what_is_asked_and_told_meets_over_the_root_of_its_size(tokens: int) -> None:
    """By hand: all ask 1, areas tell 1 / sqrt(C), white tells half of that and none of these nothing: 1, 1/2 and 0."""
    made = network(tokens)
    for layer, level in ((made.query, 1.0), (made.key, tokens**-0.5)):
        layer.weight.zero_()
        layer.bias.fill_(level)
    made.null_keys[0], made.null_keys[1] = 0.5 * tokens**-0.5, 0.0
    shares = made.tensors(hinted_on_the_left()).copy_logits[0]
    offered = [column for column in range(AREAS + 3) if shares[0, column] > -100]
    assert len(offered) == 3 and offered[1:] == [WHITE, NONE]
    assert torch.allclose(shares[:, offered], torch.tensor([1.0, 0.5, 0.0]), atol=1e-5)


def test_wide_tokens_are_no_surer_than_narrow_ones_before_they_have_learned() -> None:
    """Sixty-four times as wide, products spread eight times as far but for the scale."""
    spread = {}
    for tokens in (16, 1024):
        made = network(tokens)
        for layer in (made.query, made.key):  # numbers of about unit size, whatever they are asked of
            layer.weight.normal_().mul_(tokens**-0.5)
            layer.bias.normal_()
        made.null_keys.normal_()
        shares = made.tensors(hinted_on_the_left()).copy_logits
        spread[tokens] = float(shares[shares > -100].std())
    assert 0.5 < spread[1024] / spread[16] < 2
