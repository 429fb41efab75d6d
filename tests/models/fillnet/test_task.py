"""Facts about how fillnet learns: what its losses are of, and that they fall."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pipelines.inference.encoding import to_floats
from pipelines.models.fillnet import Params, task
from pipelines.models.fillnet.colour_sampling import LEVELS
from pipelines.models.fillnet.inputs import AREAS
from pipelines.models.fillnet.network import FillNet
from pipelines.training.task import Batch
from tests import drawings
from tests.models.fillnet.scenes import SIZE, TINY, Bytes, half_hinted, inputs_of, to_ranks

pytestmark = pytest.mark.usefixtures("one_thread")


def batch_of(*pictures: tuple[Bytes, Bytes, Bytes]) -> Batch:
    """A batch of (lines, hints, colour)."""
    targets = np.stack([to_floats(np.dstack([colour, lines])) for lines, _, colour in pictures])
    return Batch(inputs_of(*((lines, hints) for lines, hints, _ in pictures)), torch.from_numpy(targets))


def shaded(seed: int) -> tuple[Bytes, Bytes, Bytes]:
    """Two circles that grow darker to the right, hinted on one side alone."""
    colour = drawings.two_circles_coloured(SIZE)
    dim = np.linspace(1, 0.6, SIZE)[None, :, None]
    colour = np.where(colour.min(axis=2, keepdims=True) < 250, colour * dim, colour).astype(np.uint8)
    lines, hints = half_hinted()
    if seed % 2:
        lines, hints, colour = lines[:, ::-1], hints[:, ::-1], colour[:, ::-1]
    return np.ascontiguousarray(lines), np.ascontiguousarray(hints), np.ascontiguousarray(colour)


def losses(model: task.Task, batch: Batch) -> dict[str, Tensor]:
    (update,) = model.updates
    return update.loss(model.forward(batch))


def test_a_few_steps_lower_all_losses() -> None:
    torch.manual_seed(0)
    model = task.Task(Params(size=SIZE, width=8, tokens=16, guess_weight=1.0, share_weight=1.0))
    optimiser = torch.optim.Adam(model.networks.parameters(), 5e-3)
    batch = batch_of(shaded(0), shaded(1))
    seen = []
    for _ in range(15):
        terms = losses(model, batch)
        optimiser.zero_grad()
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        seen.append({name: term.item() for name, term in terms.items()})
    assert set(seen[0]) == {"distance", "guess", "share"}
    assert all(seen[-1][name] < 0.5 * seen[0][name] for name in seen[0])
    generator = model.networks["generator"]
    assert isinstance(generator, FillNet)
    assert generator.shading.weight.abs().max().item() > 1e-3  # it leaves its start, where it shades nothing


def test_half_precision_has_about_the_same_losses() -> None:
    torch.manual_seed(0)
    model, batch = task.Task(TINY), batch_of(shaded(0), shaded(1))
    (update,) = model.updates
    full = update.loss(model.forward(batch))
    with torch.autocast("cpu", torch.bfloat16):
        half = update.loss(model.forward(batch))
    for name, value in full.items():
        assert half[name].item() == pytest.approx(value.item(), rel=0.05)


def test_every_weight_learns() -> None:
    torch.manual_seed(0)
    model = task.Task(TINY)
    with torch.no_grad():
        for parameter in model.networks.parameters():  # past the zeros of the start
            parameter.add_(0.05 * torch.randn(parameter.shape))
    torch.stack(list(losses(model, batch_of(shaded(0), shaded(1))).values())).sum().backward()  # type: ignore[no-untyped-call]
    without = [name for name, weight in model.networks.named_parameters() if weight.grad is None]
    assert without == []


def test_the_distance_is_over_the_lines_as_they_were_before_they_were_varied() -> None:
    """The truth under ink is compared to the ink's colour there, whatever lines the network was given."""
    torch.manual_seed(0)
    model = task.Task(TINY)
    lines, hints, colour = drawings.two_circles(SIZE), drawings.two_hints(SIZE), drawings.two_circles_coloured(SIZE)
    batch = batch_of((lines, hints, colour))
    targets = batch.targets.clone()
    targets[:, 3] = 1  # no ink in the truth
    outputs = model.forward(Batch(batch.inputs, targets))
    assert torch.equal(outputs["fake"], batch.inputs[:, 1:4])


def loss_of(name: str, hints: Bytes, **found: Tensor) -> float:
    """One loss of two coloured circles for what the network is said to have found, instead of what it found."""
    model = task.Task(Params(size=SIZE, width=8, tokens=16, guess_weight=1.0, share_weight=1.0))
    batch = batch_of((drawings.two_circles(SIZE), hints, drawings.two_circles_coloured(SIZE)))
    (update,) = model.updates
    return update.loss(model.forward(batch) | found)[name].item()


def guess_loss(hints: Bytes, certain: dict[int, tuple[int, int, int]] | None = None) -> float:
    """The cross-entropy when guesses are even but for `certain`: rank to levels 0..4."""
    guesses = torch.zeros(1, AREAS + 1, LEVELS**3)
    for rank, (red, green, blue) in (certain or {}).items():
        guesses[:, rank, (red * LEVELS + green) * LEVELS + blue] = 50
    return loss_of("guess", hints, colour_logits=guesses)


def share_loss(hints: Bytes, offered: list[int], pointing: dict[int, int]) -> float:
    """The loss when some ranks, white and none are offered, and areas point at columns; others at all alike."""
    shares = torch.full((1, AREAS + 1, AREAS + 3), -1e4)
    shares[:, :, [*offered, WHITE_COLUMN, NONE_COLUMN]] = 0
    for rank, column in pointing.items():
        shares[:, rank, column] = 50
    return loss_of("share", hints, copy_logits=shares)


WHITE_COLUMN, NONE_COLUMN = AREAS + 1, AREAS + 2
RED_LEVELS, BLUE_LEVELS = (3, 1, 0), (0, 1, 3)  # of (220, 40, 30) and (30, 60, 200)


def test_guesses_are_of_areas_without_a_hint() -> None:
    even = float(np.log(LEVELS**3))
    none, all_over = np.zeros((SIZE, SIZE, 4), np.uint8), np.full((SIZE, SIZE, 4), (*drawings.RED, 255), np.uint8)
    assert guess_loss(none) == pytest.approx(even, rel=1e-4)
    assert guess_loss(all_over) == 0
    right = {1: (4, 4, 4), 2: RED_LEVELS, 3: BLUE_LEVELS}
    found = {name: guess_loss(none, right | wrong) for name, wrong in WRONG.items()}
    assert found["nothing"] < 1e-3
    assert found["paper"] > found["a circle"] > 1  # by the root of their sizes
    assert found["the ink"] == found["nothing"]


def test_shares_are_right_where_an_area_has_the_colour_of_a_hint_or_white_and_none_elsewhere() -> None:
    _, hints = half_hinted()  # the left circle has rank 2 or 3, the right one the other, the paper 1
    left = int((to_ranks(inputs_of(half_hinted())) * (torch.from_numpy(hints[..., 3]) > 0)).max())
    right = 5 - left
    true = {1: WHITE_COLUMN, right: NONE_COLUMN}
    assert share_loss(hints, [left], true) < 1e-3
    assert share_loss(hints, [left], true | {right: left}) > 1  # red, where it is blue
    assert share_loss(hints, [left], true | {1: NONE_COLUMN}) > share_loss(hints, [left], true | {right: left})
    assert share_loss(hints, [left], true | {left: NONE_COLUMN}) < 1e-3  # it has a hint
    blue = np.where(hints[..., 3:] > 0, (*drawings.BLUE, 255), hints).astype(np.uint8)
    assert share_loss(blue, [left], {1: WHITE_COLUMN, right: left}) < 1e-3  # now it shares
    assert share_loss(blue, [left], true) > 1


WRONG: dict[str, dict[int, tuple[int, int, int]]] = {
    "nothing": {},
    "paper": {1: (0, 0, 0)},
    "a circle": {2: (0, 4, 0)},
    "the ink": {0: (1, 1, 1)},
}
