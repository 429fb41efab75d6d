"""The pictures of a dataset as they are learned from: read once, kept up to a limit, left out where damaged."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.core.data.manifest import Dataset, SampleArrays, open_dataset
from pipelines.core.errors import PictureError
from pipelines.inference.encoding import COMPOSITE, to_floats
from pipelines.training import pair_dataset
from pipelines.training.augmentation import Augmentation
from pipelines.training.loader import AugmentedPairs, BatchLoader
from pipelines.training.pair_dataset import PairDataset
from tests.pairs import build_pairs

COUNT = 21


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pairs(tmp_path_factory.mktemp("pair_dataset"), size=32, train=COUNT, val=1)


pytestmark = pytest.mark.usefixtures("one_thread")


def dataset_of(pairs: Path, *, size: int = 32, cache_bytes: int = 1 << 24) -> PairDataset:
    return PairDataset([open_dataset(pairs)], "train", size=size, cache_bytes=cache_bytes)


def loader_of(dataset: PairDataset) -> BatchLoader:
    examples = AugmentedPairs(dataset, COMPOSITE, Augmentation(flip=False))
    return BatchLoader(examples, len(dataset), batch_size=COUNT, seed=0)


def known(pairs: Path) -> list[bytes]:
    dataset = dataset_of(pairs)
    return [to_floats(dataset[number].colour).tobytes() for number in range(COUNT)]


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
    dataset = dataset_of(pairs, cache_bytes=0)
    loader = loader_of(dataset)
    targets = [target.numpy().tobytes() for target in loader.batch(0).targets]
    assert sorted(targets) == sorted([*expected[:3], *expected[4:], expected[4]])
    assert list(dataset.unreadable) == [3]
    assert name in dataset.unreadable[3]
    loader.batch(1)
    assert len(dataset.unreadable) == 1  # counted once


@pytest.mark.parametrize("workers", [0, 2])
def test_more_than_a_twentieth_unreadable_stops(tmp_path: Path, workers: int) -> None:
    pairs = build_pairs(tmp_path, size=32, train=COUNT, val=0)
    damage(pairs, [3, 4])
    with pytest.raises(PictureError, match="2 of 21 pictures of the dataset cannot be read"):
        next(loader_of(dataset_of(pairs)).prefetch(0, workers=workers))


def test_numbers_beyond_the_pictures_are_refused(pairs: Path) -> None:
    dataset = dataset_of(pairs)
    assert len(list(dataset)) == len(dataset) == COUNT
    for number in (-1, COUNT):
        with pytest.raises(IndexError):
            dataset[number]


def test_pictures_that_are_no_squares_are_named_with_what_to_do() -> None:
    loaded = SampleArrays(*(np.zeros((8, 9, depth), np.uint8) for depth in (3, 1, 4, 3)))
    with pytest.raises(PictureError, match=r"tall is 9x8.*--size 32"):
        pair_dataset._example(
            SampleArrays(loaded.colour, loaded.lines[..., 0], loaded.hints, loaded.composite), 32, "tall"
        )


def test_the_cache_keeps_to_its_limit_and_changes_nothing(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weight = 32 * 32 * (3 + 1 + 4)
    reads: list[str] = []
    load = Dataset.load
    monkeypatch.setattr(Dataset, "load", lambda self, sample: reads.append(sample.name) or load(self, sample))
    dataset = dataset_of(pairs, cache_bytes=5 * weight + 1)
    before = [dataset[number] for number in range(COUNT)]
    reads.clear()
    after = [dataset[number] for number in range(COUNT)]
    assert len(reads) == COUNT - 5
    for one, other in zip(before, after, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_dataset_of_another_size_is_brought_to_the_models(pairs: Path) -> None:
    example = dataset_of(pairs, size=16)[0]
    assert [array.shape for array in example] == [(16, 16, 3), (16, 16), (16, 16, 4)]
    assert set(np.unique(example.hints[..., 3])) <= {0, 255}  # no half hints


def test_a_smaller_cache_forgets_and_keeps_to_its_limit(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    load = Dataset.load
    monkeypatch.setattr(Dataset, "load", lambda self, sample: reads.append(sample.name) or load(self, sample))
    dataset = dataset_of(pairs)
    for limit, expected in ((None, 2), (0, 4), (32 * 32 * 8, 3)):
        if limit is not None:
            dataset.resize_cache(limit)
        reads.clear()
        for number in (0, 1, 0, 1):
            dataset[number]
        assert len(reads) == expected


def test_the_memory_to_come_is_that_of_the_pictures_that_are_not_kept_yet(pairs: Path) -> None:
    dataset = open_dataset(pairs)
    for room in (1 << 30, 32 * 32 * 8 * 2):
        kept = PairDataset([dataset], "train", size=32, cache_bytes=room)
        most = min(room, len(kept) * 32 * 32 * 8)
        assert kept.bytes_to_come() == most
        assert sum(array.nbytes for array in kept[0]) == 32 * 32 * 8
        assert kept.bytes_to_come() == most - 32 * 32 * 8
        for index in range(len(kept)):
            _ = kept[index]
        assert kept.bytes_to_come() == 0
