"""Facts about the network on flat colour: what a fresh one leaves alone, what areas tell it, and that it learns."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pipelines.core.errors import SettingsError
from pipelines.models import fillnet
from pipelines.models.fillnet import Params
from pipelines.models.fillnet.colour_sampling import LEVELS
from pipelines.models.fillnet.inputs import AREAS, GUESSED, HINTED
from pipelines.models.fillnet.network import FillNet, over_ink
from tests import drawings
from tests.models.fillnet.scenes import (
    SIZE,
    TINY,
    fresh,
    half_hinted,
    inputs_of,
    lived_in,
    squares,
    to_ranks,
    unhinted,
)

pytestmark = pytest.mark.usefixtures("one_thread")

# a fresh network --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
def test_a_fresh_network_leaves_the_flat_fill_as_it_is(training: bool) -> None:
    inputs = inputs_of(half_hinted(), unhinted(), (drawings.two_circles(SIZE), drawings.two_hints(SIZE)))
    network = fresh().train(training)
    parts = network.tensors(inputs)
    assert torch.equal(parts.fill, inputs[:, 1:4])
    assert torch.equal(network(inputs), over_ink(inputs[:, 1:4], parts.ink, inputs[:, :1]))


def test_it_says_what_each_part_is() -> None:
    parts = lived_in()(inputs_of(half_hinted())), lived_in().tensors(inputs_of(half_hinted(), unhinted()))
    assert parts[0].shape == (1, 3, SIZE, SIZE)
    assert parts[1].fill.shape == (2, 3, SIZE, SIZE)
    assert parts[1].ink.shape == (2, 3)
    assert parts[1].ink.abs().max() <= 1
    assert parts[1].colour_logits.shape == (2, AREAS + 1, LEVELS**3)
    assert parts[1].area_fraction.sum(dim=1).flatten().tolist() == pytest.approx([1, 1])
    assert (parts[1].area_fraction[:, 4:] == 0).all()
    assert parts[1].copy_logits.shape == (2, AREAS + 1, AREAS + 3)
    assert fillnet.network_spec(TINY).encoding.channels == 7


def test_ink_lies_over_the_fill() -> None:
    fill, ink = torch.full((1, 3, 1, 3), 0.5), torch.tensor([[-1.0, -0.5, 0.0]])
    found = over_ink(fill, ink, torch.tensor([[[[-1.0, 1.0, 0.0]]]]))
    assert found[0, :, 0, 0].tolist() == [-1, -0.5, 0]
    assert found[0, :, 0, 1].tolist() == [0.5] * 3
    assert found[0, :, 0, 2].tolist() == [-0.25, 0, 0.25]


def test_pictures_of_a_batch_tell_each_other_nothing() -> None:
    network, cases = lived_in(), (half_hinted(), unhinted())
    together = network.tensors(inputs_of(*cases))
    for number, case in enumerate(cases):
        alone = network.tensors(inputs_of(case))
        for one, whole in zip(alone, together, strict=True):
            torch.testing.assert_close(one[0], whole[number], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("level", [-1.0, 1.0])
def test_ink_alone_and_paper_alone_give_numbers(level: float) -> None:
    inputs = torch.full((2, 7, SIZE, SIZE), -1.0)
    inputs[:, :4] = level
    for network in (fresh(), lived_in()):
        assert all(bool(torch.isfinite(part).all()) for part in network.tensors(inputs))


# areas ------------------------------------------------------------------------------------------------------


def without_shading(network: FillNet) -> FillNet:
    with torch.no_grad():
        network.shading.weight.zero_()
        network.shading.bias.zero_()  # type: ignore[union-attr]
    return network


def test_corrections_touch_areas_without_a_hint_alone_and_all_of_them_alike() -> None:
    inputs = inputs_of(half_hinted())
    added = without_shading(lived_in()).tensors(inputs).fill - inputs[:, 1:4]
    hinted = inputs[:, 4:5].expand_as(added) > 0.5
    assert 0.05 < hinted.float().mean() < 0.5
    assert (added[hinted] == 0).all()
    ranks = to_ranks(inputs)
    free = [rank for rank in set(ranks.flatten().tolist()) if rank and not hinted[0, 0][ranks == rank].any()]
    assert len(free) == 2
    for rank in free:
        mine = added[0][:, ranks == rank]
        assert (mine - mine[:, :1]).abs().max() < 1e-6
        assert mine.abs().max() > 0.01


def test_shading_may_touch_every_area() -> None:
    inputs = inputs_of((drawings.two_circles(SIZE), np.full((SIZE, SIZE, 4), (*drawings.RED, 255), np.uint8)))
    assert (inputs[:, 4] == 1).float().mean() > 0.7
    assert (lived_in().tensors(inputs).fill - inputs[:, 1:4]).abs().mean() > 0.01


def test_tokens_of_absent_areas_change_nothing() -> None:
    network, inputs = lived_in(), inputs_of(half_hinted())
    before = network.tensors(inputs)
    absent = before.area_fraction == 0

    def disturbed(module: object, given: object, tokens: Tensor) -> Tensor:
        return tokens + 5 * absent * torch.randn(tokens.shape, generator=torch.Generator().manual_seed(1))

    network.to_tokens.register_forward_hook(disturbed)
    after = network.tensors(inputs)
    assert torch.equal(before.fill, after.fill)
    assert torch.equal(before.ink, after.ink)
    here = ~absent[..., 0]
    assert here.sum() == 4
    assert torch.equal(before.colour_logits[here], after.colour_logits[here])
    assert torch.equal(before.copy_logits[here], after.copy_logits[here])
    assert not torch.equal(before.colour_logits, after.colour_logits)


def test_exchanging_the_ranks_of_two_areas_exchanges_their_guesses_and_nothing_else() -> None:
    network = lived_in()
    one, other = network.tensors(squares((2, 3))), network.tensors(squares((3, 2)))
    assert (one.colour_logits[:, 2] - one.colour_logits[:, 3]).abs().max() > 1e-2
    order = [0, 1, 3, 2, *range(4, AREAS + 1)]
    torch.testing.assert_close(other.colour_logits, one.colour_logits[:, order], rtol=1e-4, atol=1e-5)
    shares = one.copy_logits[:, order][:, :, [*order, AREAS + 1, AREAS + 2]]
    torch.testing.assert_close(other.copy_logits, shares, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(other.fill, one.fill, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(other.ink, one.ink)


def test_areas_point_at_those_with_a_hint_at_white_or_at_none() -> None:
    network = lived_in()
    for ranks in ((2, 3), (3, 2)):
        odds = network.tensors(squares(ranks)).copy_logits.softmax(2)
        pointed_at = (odds > 0).any(dim=1)[0].nonzero().flatten().tolist()
        assert pointed_at == [ranks[0], AREAS + 1, AREAS + 2]
    nothing = network.tensors(inputs_of(unhinted())).copy_logits.softmax(2)
    assert (nothing > 0).any(dim=1)[0].nonzero().flatten().tolist() == [AREAS + 1, AREAS + 2]


def test_an_area_tells_the_others_its_colour() -> None:
    network, inputs = lived_in(), squares((2, 3))
    before = network.tensors(inputs).colour_logits[:, 3]
    inputs[:, 1:4, 8:24, 8:24] = torch.tensor([-1.0, 0.5, 1.0]).view(1, 3, 1, 1)
    assert (network.tensors(inputs).colour_logits[:, 3] - before).abs().max() > 1e-4


def test_the_smallest_area_of_a_cell_has_it() -> None:
    """A pixel of a small area is seen though it shares its cell with a large one."""
    inputs = squares((2, 3))
    inputs[:, 6, 30, 30] = 4 / 127.5 - 1
    present = fresh().eval().tensors(inputs).area_fraction[0, :, 0]
    assert present[4] == pytest.approx(1 / (SIZE // 4) ** 2)
    assert present[2] == pytest.approx(present[3])


# settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 16},
        {"size": 8192},
        {"width": 2},
        {"tokens": 2},
        {"layers": -1},
        {"guess_weight": -0.1},
        {"guess_weight": float("nan")},
        {"share_weight": -1},
        {"size": 100},  # no multiple of 32: its cells do not halve
        {"width": 9},  # six times as many channels must be shared by the heads of attention
        {"tokens": 18},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))) as raised:
        Params(**wrong)  # type: ignore[arg-type]
    assert raised.value.hint


@pytest.mark.parametrize("params", [Params(32, 4, 4, 0), Params(96, 4, 8, 1)])
def test_the_smallest_settings_work(params: Params) -> None:
    torch.manual_seed(0)
    inputs = torch.rand(2, 7, params.size, params.size) * 2 - 1
    assert fillnet.build_network(params)(inputs).shape == (2, 3, params.size, params.size)


def test_the_network_that_ships_is_small() -> None:
    with torch.device("meta"):
        network = fillnet.build_network(fillnet.PRESETS["standard"])
    assert sum(parameter.numel() for parameter in network.parameters()) < 3_000_000


def test_surety_is_read_as_it_is_written() -> None:
    """The network tells hinted areas from guessed ones by the middle of the range."""
    levels = np.array([GUESSED, HINTED]) / 127.5 - 1
    assert levels[0] < 0.5 < levels[1]
