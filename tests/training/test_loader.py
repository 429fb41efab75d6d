"""What is learned from, and in which order: decided by seed and step alone."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.core.data.manifest import Dataset, SampleArrays, open_dataset
from pipelines.core.errors import PictureError, UsageError
from pipelines.inference.encoding import network_input, to_floats, to_picture
from pipelines.training import pair_dataset
from pipelines.training.augmentation import Augmentation, augment, rotate_hue
from pipelines.training.loader import BatchLoader
from pipelines.training.pair_dataset import Example, PairDataset
from pipelines.training.task import Batch
from tests import drawings
from tests.pairs import build_pairs

STILL = Augmentation(flip=False)
COUNT = 21


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pairs(tmp_path_factory.mktemp("feed"), size=32, train=COUNT, val=1)


pytestmark = pytest.mark.usefixtures("one_thread")


def shelf_of(pairs: Path, *, size: int = 32, split: str = "train", cache_bytes: int = 1 << 24) -> PairDataset:
    return PairDataset([open_dataset(pairs)], split, size=size, cache_bytes=cache_bytes)


def feed_of(
    pairs: Path,
    *,
    augmentation: Augmentation = STILL,
    seed: int = 0,
    batch_size: int = 1,
    unpaired: bool = False,
    rank: int = 0,
    world: int = 1,
) -> BatchLoader:
    return BatchLoader(
        shelf_of(pairs),
        "composite",
        batch_size=batch_size,
        seed=seed,
        augmentation=augmentation,
        unpaired=unpaired,
        rank=rank,
        world=world,
    )


def colours(batches: list[Batch]) -> list[bytes]:
    return [row.numpy().tobytes() for batch in batches for row in batch.targets]


def known(pairs: Path) -> list[bytes]:
    shelf = shelf_of(pairs)
    return [to_floats(shelf.view(number).colour).tobytes() for number in range(COUNT)]


# order ------------------------------------------------------------------------------------------------------


def test_each_epoch_is_a_permutation_of_its_own(pairs: Path) -> None:
    feed = feed_of(pairs, batch_size=7)
    epochs = [colours([feed.batch(turn) for turn in range(start, start + 3)]) for start in (0, 3, 6)]
    for epoch in epochs:
        assert sorted(epoch) == sorted(known(pairs))
    assert epochs[0] != epochs[1] != epochs[2]
    assert epochs[0] != known(pairs)


def test_workers_and_the_place_of_the_start_change_nothing(pairs: Path) -> None:
    augmentation = Augmentation(flip=True, jitter=0.2, hue=0.5)
    reference = [feed_of(pairs, augmentation=augmentation, batch_size=2).batch(turn) for turn in range(16)]
    for workers in (0, 1, 3):
        ahead = feed_of(pairs, augmentation=augmentation, batch_size=2).ahead(5, workers=workers)
        for batch, expected in zip(islice(ahead, 11), reference[5:], strict=True):
            assert torch.equal(batch.inputs, expected.inputs)
            assert torch.equal(batch.targets, expected.targets)
        ahead.close()  # type: ignore[attr-defined]


def test_the_seed_decides_the_order_and_the_variation(pairs: Path) -> None:
    def first(seed: int, augmentation: Augmentation = STILL) -> list[bytes]:
        return colours([feed_of(pairs, seed=seed, augmentation=augmentation, batch_size=COUNT).batch(0)])

    assert first(0) == first(0)
    assert first(0) != first(1)
    jitter = Augmentation(jitter=0.3)
    assert set(first(0, jitter)).isdisjoint(first(1, jitter))


def test_ranks_share_out_what_one_process_would_take(pairs: Path) -> None:
    alone = feed_of(pairs, batch_size=4, augmentation=Augmentation(hue=0.5))
    ranks = [feed_of(pairs, batch_size=2, augmentation=Augmentation(hue=0.5), rank=r, world=2) for r in (0, 1)]
    for turn in range(8):
        parts = [rank.batch(turn) for rank in ranks]
        assert torch.equal(torch.cat([part.targets for part in parts]), alone.batch(turn).targets)
        assert torch.equal(torch.cat([part.inputs for part in parts]), alone.batch(turn).inputs)


def test_paired_targets_belong_to_their_inputs(pairs: Path) -> None:
    shelf, places = shelf_of(pairs), known(pairs)
    batch = feed_of(pairs, batch_size=COUNT).batch(0)
    for inputs, target in zip(batch.inputs, colours([batch]), strict=True):
        view = shelf.view(places.index(target))
        assert np.array_equal(inputs.numpy(), network_input(view.lines, view.hints, "composite"))


def test_unpaired_targets_come_in_another_order_that_is_also_complete(pairs: Path) -> None:
    paired, unpaired = feed_of(pairs, batch_size=COUNT), feed_of(pairs, batch_size=COUNT, unpaired=True)
    assert torch.equal(paired.batch(0).inputs, unpaired.batch(0).inputs)
    one, other = colours([paired.batch(0)]), colours([unpaired.batch(0)])
    assert sorted(one) == sorted(other)
    assert sum(a == b for a, b in zip(one, other, strict=True)) <= 4  # one is expected by chance


def test_batches_are_floats_from_minus_one_to_one(pairs: Path) -> None:
    batch = BatchLoader(shelf_of(pairs), "layers", batch_size=3, seed=0, augmentation=STILL).batch(0)
    assert batch.inputs.shape == (3, 5, 32, 32)
    assert batch.targets.shape == (3, 3, 32, 32)
    for part in batch:
        assert part.dtype == torch.float32
        assert part.min() >= -1
        assert part.max() <= 1
    assert batch.targets.max() == 1  # white paper
    assert set(batch.inputs[:, 4].unique().tolist()) == {-1, 1}


def test_layers_tell_white_hints_from_paper() -> None:
    lines, hints = np.full((4, 4), 255, np.uint8), np.zeros((4, 4, 4), np.uint8)
    hints[1, 1] = 255
    hints[2, 2] = (255, 0, 0, 255)
    layers = network_input(lines, hints, "layers")
    assert layers[:, 1, 1].tolist() == [1, 1, 1, 1, 1]
    assert layers[:, 2, 2].tolist() == [1, 1, -1, -1, 1]
    assert layers[:, 0, 0].tolist() == [1, 0, 0, 0, -1]


def test_a_picture_survives_the_way_there_and_back() -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(to_picture(torch.from_numpy(to_floats(ramp))), ramp)


# what cannot be read ----------------------------------------------------------------------------------------


def damage(pairs: Path, numbers: list[int]) -> list[str]:
    dataset = open_dataset(pairs)
    names = []
    for number in numbers:
        sample = dataset.samples["train"][number]
        (pairs / sample.hints).write_bytes(b"no picture")
        names.append(sample.hints)
    return names


def test_a_picture_that_cannot_be_read_is_named_and_the_next_comes_for_it(tmp_path: Path) -> None:
    pairs = build_pairs(tmp_path, size=32, train=COUNT, val=0)
    expected = known(pairs)
    (name,) = damage(pairs, [3])
    shelf = shelf_of(pairs, cache_bytes=0)
    feed = BatchLoader(shelf, "composite", batch_size=COUNT, seed=0, augmentation=STILL)
    found = colours([feed.batch(0)])
    assert sorted(found) == sorted([*expected[:3], *expected[4:], expected[4]])
    assert list(shelf.unreadable) == [3]
    assert name in shelf.unreadable[3]
    feed.batch(1)
    assert len(shelf.unreadable) == 1  # counted once


@pytest.mark.parametrize("workers", [0, 2])
def test_more_than_a_twentieth_unreadable_stops(tmp_path: Path, workers: int) -> None:
    pairs = build_pairs(tmp_path, size=32, train=COUNT, val=0)
    damage(pairs, [3, 4])
    feed = feed_of(pairs, batch_size=COUNT)
    with pytest.raises(PictureError, match="2 of 21 pictures of the dataset cannot be read"):
        next(feed.ahead(0, workers=workers))


def test_pictures_that_are_no_squares_are_named_with_what_to_do() -> None:
    loaded = SampleArrays(*(np.zeros((8, 9, depth), np.uint8) for depth in (3, 1, 4, 3)))
    with pytest.raises(PictureError, match=r"tall is 9x8.*--size 32"):
        pair_dataset._example(
            SampleArrays(loaded.colour, loaded.lines[..., 0], loaded.hints, loaded.composite), 32, "tall"
        )


def test_a_split_without_pictures_is_refused(pairs: Path) -> None:
    with pytest.raises(UsageError, match="no pictures to train on"):
        BatchLoader(shelf_of(pairs, split="test"), "composite", batch_size=1, seed=0, augmentation=STILL)


def test_the_cache_keeps_to_its_limit_and_changes_nothing(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weight = 32 * 32 * (3 + 1 + 4)
    reads: list[str] = []
    load = Dataset.load
    monkeypatch.setattr(Dataset, "load", lambda self, sample: reads.append(sample.name) or load(self, sample))
    shelf = shelf_of(pairs, cache_bytes=5 * weight + 1)
    before = [shelf.view(number) for number in range(COUNT)]
    reads.clear()
    after = [shelf.view(number) for number in range(COUNT)]
    assert len(reads) == COUNT - 5
    for one, other in zip(before, after, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_dataset_of_another_size_is_brought_to_the_models(pairs: Path) -> None:
    view = shelf_of(pairs, size=16).view(0)
    assert [array.shape for array in view] == [(16, 16, 3), (16, 16), (16, 16, 4)]
    assert set(np.unique(view.hints[..., 3])) <= {0, 255}  # no half hints


# variation --------------------------------------------------------------------------------------------------


def scene(size: int = 64) -> Example:
    return Example(drawings.two_circles_coloured(size), drawings.two_circles(size), drawings.two_hints(size))


def test_flipping_mirrors_all_three_half_of_the_time() -> None:
    view, flips = scene(), 0
    view.colour[:, :9] = 0  # so that it differs from its mirror image
    for seed in range(60):
        varied = augment(view, Augmentation(flip=True), np.random.default_rng(seed))
        flipped = not np.array_equal(varied.colour, view.colour)
        flips += flipped
        expected = [array[:, ::-1] if flipped else array for array in view]
        assert all(np.array_equal(one, other) for one, other in zip(varied, expected, strict=True))
        assert all(array.flags["C_CONTIGUOUS"] for array in varied)
    assert 15 < flips < 45


def centre(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.argwhere(mask).mean(axis=0)


def test_jitter_enlarges_and_keeps_lines_hints_and_colour_in_register() -> None:
    view = scene(96)
    moved = 0
    for seed in range(20):
        varied = augment(view, Augmentation(flip=False, jitter=0.3), np.random.default_rng(seed))
        assert [array.shape for array in varied] == [array.shape for array in view]
        reds = varied.hints[(varied.hints[..., 3] == 255) & (varied.hints[..., 0] > 200)]
        assert set(map(tuple, reds)) == {(*drawings.RED, 255)}  # hints keep their very colours
        hint = centre((varied.hints[..., :3] == drawings.RED).all(axis=2) & (varied.hints[..., 3] == 255))
        row, column = hint.round().astype(int)
        assert tuple(varied.colour[row, column]) == drawings.RED
        ink, dark = varied.lines < 100, varied.colour.max(axis=2) < 100
        assert (ink & dark).sum() > 0.85 * max(ink.sum(), dark.sum())
        moved += int(not np.array_equal(varied.lines, view.lines))
    assert moved == 20


def test_jitter_cuts_from_inside_the_picture() -> None:
    ramp = np.linspace(10, 245, 64).astype(np.uint8)[None].repeat(64, axis=0)
    view = Example(np.dstack([ramp] * 3), ramp, np.zeros((64, 64, 4), np.uint8))
    for seed in range(20):
        lines = augment(view, Augmentation(flip=False, jitter=0.5), np.random.default_rng(seed)).lines.astype(int)
        assert (np.diff(lines[0]) >= 0).all()
        assert (lines == lines[0]).all()
        assert lines[0, -1] - lines[0, 0] >= 235 / 1.5 - 4  # at least 1/1.5 of the width is still there


@pytest.mark.parametrize("turn", [-0.5, -0.2, 0.01, 1 / 3, 0.5])
def test_a_hue_turn_keeps_greys(turn: float) -> None:
    greys = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    assert np.array_equal(rotate_hue(greys, turn), greys)


def test_a_third_of_the_circle_swaps_the_channels() -> None:
    colour = np.array([[[200, 30, 90]]], np.uint8)
    assert rotate_hue(colour, 1 / 3).tolist() == [[[90, 200, 30]]]
    assert rotate_hue(colour, -1 / 3).tolist() == [[[30, 90, 200]]]
    assert rotate_hue(colour, 0).tolist() == colour.tolist()


def test_hints_and_picture_turn_together_and_lines_stay() -> None:
    view = scene()
    seen = set()
    for seed in range(8):
        varied = augment(view, Augmentation(flip=False, hue=0.5), np.random.default_rng(seed))
        assert np.array_equal(varied.lines, view.lines)
        assert np.array_equal(varied.hints[..., 3], view.hints[..., 3])
        hinted = (view.hints[..., 3] == 255) & (view.colour == view.hints[..., :3]).all(axis=2)
        assert hinted.sum() > 20
        assert np.array_equal(varied.hints[hinted][:, :3], varied.colour[hinted])
        seen.add(varied.colour[32, 16].tobytes())
    assert len(seen) == 8
