"""Facts about the pictures that networks on flat colour learn from: variants, mirroring, hues, and what is kept."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.core.data.manifest import open_dataset
from pipelines.models.fillnet import precomputed
from pipelines.models.fillnet.inputs import FILLED, NetworkInput, fill_and_pack
from pipelines.models.fillnet.precomputed import PrecomputedFills
from pipelines.training.augmentation import Augmentation, rotate_hue
from pipelines.training.loader import BatchLoader
from pipelines.training.pair_dataset import PairDataset
from tests.pairs import build_pairs

Bytes = NDArray[np.uint8]
SIZE, COUNT = 48, 5
LARGE = 1 << 24  # bytes, for all variants
STILL = Augmentation(flip=False)
VARIED = Augmentation(flip=True, jitter=0.1, hue=0.5, hints=True, lines=0.5)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pairs(tmp_path_factory.mktemp("stock"), size=SIZE, train=COUNT, val=0)


pytestmark = pytest.mark.usefixtures("one_thread")


def shelf_of(pairs: Path) -> PairDataset:
    return PairDataset([open_dataset(pairs)], "train", size=SIZE, cache_bytes=LARGE)


def stock_of(
    pairs: Path, augmentation: Augmentation = STILL, *, seed: int = 0, cache_bytes: int = LARGE
) -> PrecomputedFills:
    return PrecomputedFills(shelf_of(pairs), augmentation, seed=seed, cache_bytes=cache_bytes)


def seen(stock: PrecomputedFills, number: int = 0, epoch: int = 0, *, draw: int = 0) -> tuple[Bytes, Bytes]:
    return stock.turned(number, epoch, np.random.default_rng(draw))


def same(one: tuple[Bytes, Bytes], other: tuple[Bytes, Bytes]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# variants ---------------------------------------------------------------------------------------------------


def test_without_augmentation_a_picture_is_itself_filled(pairs: Path) -> None:
    view = shelf_of(pairs).view(2)
    inputs, truth = seen(stock_of(pairs), 2)
    assert (inputs.shape, truth.shape) == ((SIZE, SIZE, 7), (SIZE, SIZE, 4))
    assert inputs.dtype == truth.dtype == np.uint8
    expected = FILLED.encode(view.lines, view.hints)
    assert np.array_equal(np.moveaxis(inputs, 2, 0).astype(np.float32) / np.float32(127.5) - 1, expected)
    assert np.array_equal(truth[..., :3], view.colour)
    assert np.array_equal(truth[..., 3], view.lines)


def test_variants_repeat_for_a_seed_whatever_is_kept(pairs: Path) -> None:
    stocks = [stock_of(pairs, VARIED, cache_bytes=room) for room in (0, 2000, LARGE)]
    for number in (0, 3):
        for epoch in (0, 1, 2, 3, 4, 1):
            results = [seen(stock, number, epoch, draw=epoch + 7) for stock in stocks]
            assert all(same(results[0], other) for other in results[1:])
    other = [same(seen(stocks[0], 0, epoch), seen(stock_of(pairs, VARIED, seed=1), 0, epoch)) for epoch in range(4)]
    assert not all(other)


def test_epochs_take_turns_with_four_variants(pairs: Path) -> None:
    stock = stock_of(pairs, Augmentation(flip=False, jitter=0.2))
    turns = [seen(stock, 1, epoch) for epoch in range(8)]
    assert all(same(turns[epoch], turns[epoch + 4]) for epoch in range(4))
    assert len({turn[1].tobytes() for turn in turns}) == 4


def test_each_variant_is_worked_out_once_while_there_is_room(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    def counting(lines: Bytes, hints: Bytes) -> NetworkInput:
        counts.append(1)
        return fill_and_pack(lines, hints)

    monkeypatch.setattr(precomputed, "fill_and_pack", counting)
    for room, expected in ((LARGE, 4), (0, 12)):
        counts.clear()
        stock = stock_of(pairs, cache_bytes=room)
        for epoch in range(12):
            seen(stock, 0, epoch)
        assert len(counts) == expected


def test_what_is_handed_out_can_be_written_to_and_is_not_what_is_kept(pairs: Path) -> None:
    stock = stock_of(pairs)
    before = seen(stock)
    for array in seen(stock):
        array[:] = 0
    assert same(before, seen(stock))


def test_the_true_lines_are_those_before_they_were_varied(pairs: Path) -> None:
    stock, view = stock_of(pairs, Augmentation(flip=False, lines=1.0)), shelf_of(pairs).view(0)
    turns = [seen(stock, 0, epoch) for epoch in range(4)]
    assert all(np.array_equal(truth[..., 3], view.lines) for _, truth in turns)
    assert not any(np.array_equal(inputs[..., 0], view.lines) for inputs, _ in turns)


# mirroring and hues -----------------------------------------------------------------------------------------


def test_input_and_truth_are_mirrored_together_half_of_the_time(pairs: Path) -> None:
    stock, still = stock_of(pairs, Augmentation(flip=True)), seen(stock_of(pairs))
    mirrored = still[0][:, ::-1], still[1][:, ::-1]
    assert not same(still, mirrored)
    flips = 0
    for draw in range(60):
        turn = seen(stock, draw=draw)
        flipped = same(turn, mirrored)
        assert flipped or same(turn, still)
        flips += flipped
    assert 15 < flips < 45


def test_hues_turn_in_half_of_the_cases_and_fill_and_truth_alike(pairs: Path) -> None:
    stock = stock_of(pairs, Augmentation(flip=False, hue=0.5))
    inputs, truth = seen(stock_of(pairs))
    turned = 0
    for draw in range(40):
        given, wanted = seen(stock, draw=draw)
        others = [0, 4, 5, 6]
        assert np.array_equal(given[..., others], inputs[..., others])
        assert np.array_equal(wanted[..., 3], truth[..., 3])
        if np.array_equal(given, inputs):
            assert np.array_equal(wanted, truth)
            continue
        turned += 1
        rng = np.random.default_rng(draw)
        rng.random()
        turn = rng.uniform(-0.5, 0.5)
        assert np.array_equal(given[..., 1:4], rotate_hue(inputs[..., 1:4], turn))
        paper = truth[..., 3] == 255
        assert np.array_equal(wanted[paper][:, :3], rotate_hue(truth[..., :3], turn)[paper])
    assert 10 <= turned <= 30


def test_ink_keeps_its_colour_when_hues_turn(pairs: Path) -> None:
    class Brown(PairDataset):
        def view(self, number: int):  # type: ignore[no-untyped-def]
            found = super().view(number)
            return found._replace(
                colour=np.where((found.lines < 128)[..., None], (90, 50, 20), found.colour).astype("u1")
            )

    shelf = Brown([open_dataset(pairs)], "train", size=SIZE, cache_bytes=LARGE)
    stock = PrecomputedFills(shelf, Augmentation(flip=False, hue=0.5), seed=0, cache_bytes=LARGE)
    black = shelf.view(0).lines == 0
    assert black.any()
    changed = 0
    for draw in range(12):
        _, truth = seen(stock, draw=draw)
        assert (truth[black][:, :3] == (90, 50, 20)).all()
        changed += not np.array_equal(truth[..., :3], shelf.view(0).colour)
    assert changed >= 2


def test_hues_do_not_turn_where_there_is_no_hint_to_tell(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precomputed, "resample_hints", lambda colour, lines, hints, rng: np.zeros_like(hints))
    stock = stock_of(pairs, Augmentation(flip=False, hue=0.5, hints=True))
    assert all(np.array_equal(seen(stock, draw=draw)[1][..., :3], shelf_of(pairs).view(0).colour) for draw in range(12))


# as batches -------------------------------------------------------------------------------------------------


def feed_of(
    pairs: Path, *, cache_bytes: int = LARGE, rank: int = 0, world: int = 1, batch_size: int = 2
) -> BatchLoader:
    return BatchLoader(
        shelf_of(pairs),
        FILLED,
        batch_size=batch_size,
        seed=3,
        augmentation=VARIED,
        cache_bytes=cache_bytes,
        rank=rank,
        world=world,
    )


def test_batches_hold_seven_channels_and_the_truth_with_its_lines(pairs: Path) -> None:
    batch = feed_of(pairs).batch(0)
    assert (batch.inputs.shape, batch.targets.shape) == ((2, 7, SIZE, SIZE), (2, 4, SIZE, SIZE))
    for part in batch:
        assert part.dtype == torch.float32
        assert -1 <= part.min() < part.max() <= 1


def test_workers_memory_and_the_place_of_the_start_change_nothing(pairs: Path) -> None:
    reference = [feed_of(pairs).batch(turn) for turn in range(9)]
    for workers, room in ((0, 0), (3, LARGE), (2, 5000)):
        ahead = feed_of(pairs, cache_bytes=room).ahead(4, workers=workers)
        for batch, expected in zip(islice(ahead, 5), reference[4:], strict=True):
            assert torch.equal(batch.inputs, expected.inputs)
            assert torch.equal(batch.targets, expected.targets)
        ahead.close()  # type: ignore[attr-defined]


def test_ranks_share_out_what_one_process_would_take(pairs: Path) -> None:
    alone = feed_of(pairs, batch_size=2)
    parts = [feed_of(pairs, rank=rank, world=2, batch_size=1).batch(4) for rank in (0, 1)]
    assert torch.equal(torch.cat([part.inputs for part in parts]), alone.batch(4).inputs)
    assert torch.equal(torch.cat([part.targets for part in parts]), alone.batch(4).targets)
