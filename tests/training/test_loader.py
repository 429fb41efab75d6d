"""Batches: what is in them and in which order is decided by seed and step alone."""

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.core.data.manifest import open_dataset
from pipelines.core.errors import PictureError, UsageError
from pipelines.inference.encoding import COMPOSITE, LAYERS, LINES, Encoding, to_floats
from pipelines.training.augmentation import Augmentation, hint_drawing
from pipelines.training.loader import AugmentedPairs, BatchLoader
from pipelines.training.pair_dataset import EncodedExample, Example, PairDataset
from pipelines.training.task import Batch
from tests.pairs import build_pairs

STILL = Augmentation(flip=False)
COUNT = 21


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pairs(tmp_path_factory.mktemp("loader"), size=32, train=COUNT, val=1)


pytestmark = pytest.mark.usefixtures("one_thread")


def dataset_of(pairs: Path, *, split: str = "train") -> PairDataset:
    return PairDataset([open_dataset(pairs)], split, size=32, cache_bytes=1 << 24)


def loader_of(
    pairs: Path,
    *,
    augmentation: Augmentation = STILL,
    encoding: Encoding = COMPOSITE,
    seed: int = 0,
    batch_size: int = 1,
    unpaired: bool = False,
    rank: int = 0,
    world_size: int = 1,
) -> BatchLoader:
    dataset = dataset_of(pairs)
    return BatchLoader(
        AugmentedPairs(dataset, encoding, augmentation),
        len(dataset),
        batch_size=batch_size,
        seed=seed,
        unpaired=unpaired,
        rank=rank,
        world_size=world_size,
    )


def colours(batches: list[Batch]) -> list[bytes]:
    return [row.numpy().tobytes() for batch in batches for row in batch.targets]


def known(pairs: Path) -> list[bytes]:
    dataset = dataset_of(pairs)
    return [to_floats(dataset[number].colour).tobytes() for number in range(COUNT)]


def test_each_epoch_is_a_permutation_of_its_own(pairs: Path) -> None:
    loader = loader_of(pairs, batch_size=7)
    epochs = [colours([loader.batch(index) for index in range(start, start + 3)]) for start in (0, 3, 6)]
    for epoch in epochs:
        assert sorted(epoch) == sorted(known(pairs))
    assert epochs[0] != epochs[1] != epochs[2]
    assert epochs[0] != known(pairs)


def test_workers_and_the_place_of_the_start_change_nothing(pairs: Path) -> None:
    augmentation = Augmentation(flip=True, jitter=0.2, hue=0.5)
    reference = [loader_of(pairs, augmentation=augmentation, batch_size=2).batch(index) for index in range(16)]
    for workers in (0, 1, 3):
        batches = loader_of(pairs, augmentation=augmentation, batch_size=2).prefetch(5, workers=workers)
        for batch, expected in zip(islice(batches, 11), reference[5:], strict=True):
            assert torch.equal(batch.inputs, expected.inputs)
            assert torch.equal(batch.targets, expected.targets)
        batches.close()


def test_the_seed_decides_the_order_and_the_variation(pairs: Path) -> None:
    def first(seed: int, augmentation: Augmentation = STILL) -> list[bytes]:
        return colours([loader_of(pairs, seed=seed, augmentation=augmentation, batch_size=COUNT).batch(0)])

    assert first(0) == first(0)
    assert first(0) != first(1)
    jitter = Augmentation(jitter=0.3)
    assert set(first(0, jitter)).isdisjoint(first(1, jitter))


def test_ranks_share_out_what_one_process_would_take(pairs: Path) -> None:
    alone = loader_of(pairs, batch_size=4, augmentation=Augmentation(hue=0.5))
    ranks = [loader_of(pairs, batch_size=2, augmentation=Augmentation(hue=0.5), rank=r, world_size=2) for r in (0, 1)]
    for index in range(8):
        parts = [rank.batch(index) for rank in ranks]
        assert torch.equal(torch.cat([part.targets for part in parts]), alone.batch(index).targets)
        assert torch.equal(torch.cat([part.inputs for part in parts]), alone.batch(index).inputs)


def test_paired_targets_belong_to_their_inputs(pairs: Path) -> None:
    dataset, places = dataset_of(pairs), known(pairs)
    batch = loader_of(pairs, batch_size=COUNT).batch(0)
    for inputs, target in zip(batch.inputs, colours([batch]), strict=True):
        example = dataset[places.index(target)]
        assert np.array_equal(inputs.numpy(), COMPOSITE.encode(example.lines, example.hints))


def test_unpaired_targets_come_in_another_order_that_is_also_complete(pairs: Path) -> None:
    paired, unpaired = loader_of(pairs, batch_size=COUNT), loader_of(pairs, batch_size=COUNT, unpaired=True)
    assert torch.equal(paired.batch(0).inputs, unpaired.batch(0).inputs)
    one, other = colours([paired.batch(0)]), colours([unpaired.batch(0)])
    assert sorted(one) == sorted(other)
    assert sum(a == b for a, b in zip(one, other, strict=True)) <= 4  # one is expected by chance


def test_batches_are_floats_from_minus_one_to_one(pairs: Path) -> None:
    batch = loader_of(pairs, encoding=LAYERS, batch_size=3).batch(0)
    assert batch.inputs.shape == (3, 5, 32, 32)
    assert batch.targets.shape == (3, 3, 32, 32)
    for part in (batch.inputs, batch.targets):
        assert part.dtype == torch.float32
        assert part.min() >= -1
        assert part.max() <= 1
    assert batch.targets.max() == 1  # white paper
    assert set(batch.inputs[:, 4].unique().tolist()) == {-1, 1}


class Numbers:
    """Examples that say which they are: picture, epoch and the picture of their target."""

    def example(
        self, index: int, epoch: int, rng: np.random.Generator, *, target_index: int | None = None
    ) -> EncodedExample:
        target = -1 if target_index is None else target_index
        return EncodedExample(np.array([index, epoch], np.float32), np.array([target], np.float32))


def test_any_source_of_examples_is_asked_by_number_and_epoch() -> None:
    batch = BatchLoader(Numbers(), 5, batch_size=10, seed=0).batch(1)
    assert sorted(batch.inputs[:5, 0].tolist()) == sorted(batch.inputs[5:, 0].tolist()) == [0, 1, 2, 3, 4]
    assert batch.inputs[:, 1].tolist() == [2] * 5 + [3] * 5  # the third and the fourth epoch
    assert batch.targets.flatten().tolist() == [-1] * 10  # there are pairs


def test_without_pairs_sources_are_told_whose_colours_are_the_target() -> None:
    batch = BatchLoader(Numbers(), 5, batch_size=5, seed=0, unpaired=True).batch(0)
    assert sorted(batch.targets.flatten().tolist()) == [0, 1, 2, 3, 4]
    assert batch.targets.flatten().tolist() != batch.inputs[:, 0].tolist()


def test_a_split_without_pictures_is_refused(pairs: Path) -> None:
    with pytest.raises(UsageError, match="no pictures to train on"):
        BatchLoader(Numbers(), len(dataset_of(pairs, split="test")), batch_size=1, seed=0)


class Unreadable:
    """Examples none of which can be read."""

    def example(
        self, index: int, epoch: int, rng: np.random.Generator, *, target_index: int | None = None
    ) -> EncodedExample:
        raise PictureError("2 of 21 pictures of the dataset cannot be read", hint="Build the dataset again")


@pytest.mark.parametrize("workers", [0, 2])
def test_errors_of_reading_threads_arrive(workers: int) -> None:
    with pytest.raises(PictureError, match="2 of 21 pictures"):
        next(BatchLoader(Unreadable(), 21, batch_size=1, seed=0).prefetch(0, workers=workers))


def test_what_a_model_prepares_is_stacked_by_name(pairs: Path) -> None:
    dataset = dataset_of(pairs)

    def prepare(example: Example, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        return {"ink": np.asarray((example.lines < 128).sum()), "map": np.stack([example.lines] * 2)}

    examples = AugmentedPairs(dataset, LINES, Augmentation(flip=True), prepare)
    batch = BatchLoader(examples, len(dataset), batch_size=3, seed=0).batch(1)
    assert batch.inputs.shape == (3, 1, 32, 32)
    assert batch.named["ink"].shape == (3,) and batch.named["map"].shape == (3, 2, 32, 32)
    assert torch.equal(batch.named["ink"], (batch.named["map"][:, 0] < 128).sum((1, 2)))
    plain = BatchLoader(AugmentedPairs(dataset, LINES, Augmentation()), len(dataset), batch_size=3, seed=0).batch(1)
    assert torch.equal(plain.inputs, batch.inputs) and plain.named == {}


def test_workers_change_nothing_where_hints_and_lines_are_drawn_anew(pairs: Path) -> None:
    def loader() -> BatchLoader:
        dataset = PairDataset([open_dataset(pairs)], "train", size=32, cache_bytes=1 << 20, line_mix={"adaptive": 1.0})
        augmentation = Augmentation(redraw=hint_drawing("strokes"), hintless=0.5, input_jitter=0.2)
        return BatchLoader(AugmentedPairs(dataset, LAYERS, augmentation), len(dataset), batch_size=2, seed=3)

    reference = [loader().batch(index) for index in range(3, 9)]
    for workers in (1, 3):
        batches = loader().prefetch(3, workers=workers)
        for batch, expected in zip(islice(batches, 6), reference, strict=True):
            assert torch.equal(batch.inputs, expected.inputs)
        batches.close()
