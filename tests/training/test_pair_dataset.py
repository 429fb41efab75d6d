"""The pictures of a dataset as they are learned from: read once, kept up to a limit, left out where damaged."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipelines.build_dataset import Recipe, Splitting, build_dataset
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.data.manifest import Dataset, SampleArrays, open_dataset
from pipelines.core.errors import PictureError
from pipelines.core.imaging.framing import Framing
from pipelines.inference.encoding import COMPOSITE, PICTURE, to_floats
from pipelines.training import pair_dataset
from pipelines.training.augmentation import Augmentation
from pipelines.training.loader import AugmentedPairs, BatchLoader
from pipelines.training.pair_dataset import PairDataset, encode_example
from tests import drawings
from tests.pairs import build_pairs, picture

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
            SampleArrays(loaded.colour, loaded.lines[..., 0], loaded.hints, loaded.composite), (32, 32), "tall"
        )


def test_the_cache_keeps_to_its_limit_and_changes_nothing(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weight = 32 * 32 * (3 + 1 + 4)
    reads: list[str] = []
    load = Dataset.load
    monkeypatch.setattr(
        Dataset, "load", lambda self, sample, **how: reads.append(sample.name) or load(self, sample, **how)
    )
    dataset = dataset_of(pairs, cache_bytes=5 * weight + 1)
    before = [dataset[number] for number in range(COUNT)]
    reads.clear()
    after = [dataset[number] for number in range(COUNT)]
    assert len(reads) == COUNT - 5
    for one, other in zip(before, after, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one[:3], other[:3], strict=True))


def test_a_dataset_of_another_size_is_brought_to_the_models(pairs: Path) -> None:
    example = dataset_of(pairs, size=16)[0]
    assert [array.shape for array in example[:3]] == [(16, 16, 3), (16, 16), (16, 16, 4)]
    assert set(np.unique(example.hints[..., 3])) <= {0, 255}  # no half hints


def test_a_smaller_cache_forgets_and_keeps_to_its_limit(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    load = Dataset.load
    monkeypatch.setattr(
        Dataset, "load", lambda self, sample, **how: reads.append(sample.name) or load(self, sample, **how)
    )
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
        assert sum(array.nbytes for array in kept[0][:3]) == 32 * 32 * 8
        assert kept.bytes_to_come() == most - 32 * 32 * 8
        for index in range(len(kept)):
            _ = kept[index]
        assert kept.bytes_to_come() == 0


# several samples of a picture -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures, each with two kinds of lines and two hint maps of each."""
    folder = tmp_path_factory.mktemp("several")
    for number in range(3):
        drawings.write(folder / "art" / "train" / f"{number}.png", picture(number, 32))
    recipe = Recipe(Framing((32, 32)), lines=("adaptive", "xdog:paintstorch"), hints=("points",), draws=2)
    options = {"splitting": Splitting(keep=True), "batch": BatchSettings(jobs=1)}
    build_dataset([str(folder / "art")], str(folder / "pairs"), recipe=recipe, **options)
    return folder / "pairs"


MIX = {"adaptive": 0.75, "xdog-paintstorch": 0.25}


def mixed_of(folder: Path, *, cache_bytes: int = 1 << 24) -> PairDataset:
    return PairDataset([open_dataset(folder)] * 2, "train", size=32, cache_bytes=cache_bytes, line_mix=MIX)


def test_kinds_of_lines_come_by_their_shares_and_hint_maps_in_turn(several: Path) -> None:
    dataset = mixed_of(several)
    assert len(dataset) == 6
    arrays = [open_dataset(several).load(each) for each in open_dataset(several).samples["train"][:4]]
    counts = Counter[int]()
    for draw in range(400):
        seen = dataset.visit(0, np.random.default_rng(draw))
        assert np.array_equal(seen.colour, arrays[0].colour)
        (number,) = (
            at
            for at, each in enumerate(arrays)
            if np.array_equal(seen.lines, each.lines) and np.array_equal(seen.hints, each.hints)
        )
        counts[number] += 1
    shares = [counts[number] / 400 for number in range(4)]
    assert shares == pytest.approx([0.375, 0.375, 0.125, 0.125], abs=0.08)


def test_what_is_drawn_depends_on_chance_alone(several: Path) -> None:
    warm, cold = mixed_of(several), mixed_of(several, cache_bytes=0)
    for seed in range(20):  # the warm one has its pictures from then on
        warm.visit(seed % 6, np.random.default_rng(seed))
    for seed in range(20):
        one, other = (each.visit(2, np.random.default_rng(seed)) for each in (warm, cold))
        assert np.array_equal(one.lines, other.lines) and np.array_equal(one.hints, other.hints)


def test_a_picture_by_its_number_alone_is_always_the_same(several: Path) -> None:
    dataset = mixed_of(several)
    firsts = [dataset[number] for number in range(6)]
    for number, first in enumerate(firsts):
        assert np.array_equal(dataset[number].lines, first.lines)
    with pytest.raises(IndexError):
        dataset[-1]


def test_examples_know_the_number_of_their_dataset(several: Path) -> None:
    assert [mixed_of(several)[number].domain for number in range(6)] == [0, 0, 0, 1, 1, 1]


def test_samples_of_one_picture_share_the_memory_of_what_they_have_in_common(several: Path) -> None:
    colour, lines, hints = 32 * 32 * 3, 32 * 32, 32 * 32 * 4
    room = colour + 2 * lines + 2 * hints  # one picture: two kinds of lines and two hint maps make four samples
    dataset = mixed_of(several, cache_bytes=room)
    for draw in range(60):
        dataset.visit(0, np.random.default_rng(draw))
    assert sorted(dataset._cache) == [0, 1, 2, 3]
    assert dataset._room == 0
    pixels = 32 * 32
    assert mixed_of(several, cache_bytes=1 << 30).bytes_to_come() == 6 * (3 + 2 + 2 * 4) * pixels
    assert len({id(example.colour) for example in dataset._cache.values()}) == 1


def test_without_a_mix_no_chance_is_used_and_every_sample_is_a_picture(several: Path) -> None:
    dataset = dataset_of(several)
    assert len(dataset) == 12
    rng, untouched = np.random.default_rng(5), np.random.default_rng(5)
    dataset.visit(3, rng)
    assert rng.random() == untouched.random()


def test_hints_drawn_once_are_those_of_every_look(pairs: Path) -> None:
    draws: list[int] = []

    def redraw(colour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        draws.append(1)
        return np.full((*colour.shape[:2], 4), rng.integers(256), np.uint8)

    dataset = PairDataset([open_dataset(pairs)], "train", size=32, cache_bytes=0, redraw=redraw)
    levels = [int(dataset[number].hints[0, 0, 0]) for number in (0, 1, 2, 0, 1, 2)]
    assert levels[:3] == levels[3:] and len(set(levels)) > 1
    kept = dataset.visit(0, np.random.default_rng(0)).hints
    assert len(draws) == 6 and set(np.unique(kept[..., 3])) <= {0, 255}, "a visit's are the augmentation's to draw"


def test_pictures_that_are_no_line_art_come_as_they_are(tmp_path: Path) -> None:
    for number in range(2):
        halves = [255 - picture(number, 32), picture(number, 32)]
        drawings.write(tmp_path / "ab" / "train" / f"{number}.png", np.hstack(halves))
    recipe = Recipe(Framing((32, 32)), hints=("none",), input="picture")
    options = {"reading": "AB", "splitting": Splitting(keep=True), "batch": BatchSettings(jobs=1)}
    build_dataset([str(tmp_path / "ab")], str(tmp_path / "pairs"), recipe=recipe, **options)
    seen = dataset_of(tmp_path / "pairs")[0]
    assert seen.picture is not None
    assert np.array_equal(seen.picture, 255 - seen.colour)
    assert np.array_equal(encode_example(PICTURE, seen), to_floats(seen.picture))
    assert dataset_of(tmp_path / "pairs", size=16)[0].picture.shape == (16, 16, 3)


@pytest.mark.parametrize("frame", [(32, 24), (16, 12)])
def test_frames_that_are_no_squares_are_brought_to_the_models(tmp_path: Path, frame: tuple[int, int]) -> None:
    drawings.write(tmp_path / "art" / "train" / "0.png", picture(0, 64)[:48])
    recipe = Recipe(Framing((64, 48)), hints=("points",))
    options = {"splitting": Splitting(keep=True), "batch": BatchSettings(jobs=1)}
    build_dataset([str(tmp_path / "art")], str(tmp_path / "pairs"), recipe=recipe, **options)
    dataset = PairDataset([open_dataset(tmp_path / "pairs")], "train", size=frame, cache_bytes=0)
    assert dataset.shape == frame[::-1]
    assert [array.shape[:2] for array in dataset[0][:3]] == [frame[::-1]] * 3
    with pytest.raises(PictureError, match=r"0 is 64x48, this network learns from 32x32.*--size 32"):
        PairDataset([open_dataset(tmp_path / "pairs")], "train", size=32, cache_bytes=0)[0]
