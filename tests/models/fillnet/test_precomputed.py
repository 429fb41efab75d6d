"""Facts about the pictures that networks on flat colour learn from: variants, mirroring, hues, and what is kept."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.core.data.manifest import open_dataset
from pipelines.models import fillnet
from pipelines.models.fillnet import precomputed
from pipelines.models.fillnet.inputs import FILLED, NetworkInput, fill_and_pack
from pipelines.models.fillnet.precomputed import PrecomputedFills
from pipelines.training import augmentation
from pipelines.training.augmentation import Augmentation, rotate_hue
from pipelines.training.loader import BatchLoader
from pipelines.training.pair_dataset import Example, PairDataset
from tests.pairs import build_pairs

Bytes = NDArray[np.uint8]
SIZE, COUNT = 48, 5
LARGE = 1 << 24  # bytes, for all variants
STILL = Augmentation(flip=False)
VARIED = Augmentation(flip=True, jitter=0.1, hue=0.5, hints=True, lines=0.5)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_pairs(tmp_path_factory.mktemp("fills"), size=SIZE, train=COUNT, val=0)


pytestmark = pytest.mark.usefixtures("one_thread")


def dataset_of(pairs: Path) -> PairDataset:
    return PairDataset([open_dataset(pairs)], "train", size=SIZE, cache_bytes=LARGE)


def fills_of(
    pairs: Path, augmentation: Augmentation = STILL, *, seed: int = 0, cache_bytes: int = LARGE
) -> PrecomputedFills:
    return PrecomputedFills(dataset_of(pairs), augmentation, seed=seed, cache_bytes=cache_bytes)


def seen(fills: PrecomputedFills, number: int = 0, epoch: int = 0, *, draw: int = 0) -> tuple[Bytes, Bytes]:
    return fills.levels(number, epoch, np.random.default_rng(draw))


def same(one: tuple[Bytes, Bytes], other: tuple[Bytes, Bytes]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# variants ---------------------------------------------------------------------------------------------------


def test_without_augmentation_a_picture_is_itself_filled(pairs: Path) -> None:
    example = dataset_of(pairs)[2]
    inputs, truth = seen(fills_of(pairs), 2)
    assert (inputs.shape, truth.shape) == ((SIZE, SIZE, 7), (SIZE, SIZE, 4))
    assert inputs.dtype == truth.dtype == np.uint8
    expected = FILLED.encode(example.lines, example.hints)
    assert np.array_equal(np.moveaxis(inputs, 2, 0).astype(np.float32) / np.float32(127.5) - 1, expected)
    assert np.array_equal(truth[..., :3], example.colour)
    assert np.array_equal(truth[..., 3], example.lines)


def test_variants_repeat_for_a_seed_whatever_is_kept(pairs: Path) -> None:
    sources = [fills_of(pairs, VARIED, cache_bytes=room) for room in (0, 2000, LARGE)]
    for number in (0, 3):
        for epoch in (0, 1, 2, 3, 4, 1):
            results = [seen(source, number, epoch, draw=epoch + 7) for source in sources]
            assert all(same(results[0], other) for other in results[1:])
    other = [same(seen(sources[0], 0, epoch), seen(fills_of(pairs, VARIED, seed=1), 0, epoch)) for epoch in range(4)]
    assert not all(other)


def test_epochs_take_turns_with_four_variants(pairs: Path) -> None:
    fills = fills_of(pairs, Augmentation(flip=False, jitter=0.2))
    turns = [seen(fills, 1, epoch) for epoch in range(8)]
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
        fills = fills_of(pairs, cache_bytes=room)
        for epoch in range(12):
            seen(fills, 0, epoch)
        assert len(counts) == expected


def test_what_is_handed_out_can_be_written_to_and_is_not_what_is_kept(pairs: Path) -> None:
    fills = fills_of(pairs)
    before = seen(fills)
    for array in seen(fills):
        array[:] = 0
    assert same(before, seen(fills))


def test_the_true_lines_are_those_before_they_were_varied(pairs: Path) -> None:
    fills, example = fills_of(pairs, Augmentation(flip=False, lines=1.0)), dataset_of(pairs)[0]
    turns = [seen(fills, 0, epoch) for epoch in range(4)]
    assert all(np.array_equal(truth[..., 3], example.lines) for _, truth in turns)
    assert not any(np.array_equal(inputs[..., 0], example.lines) for inputs, _ in turns)


# mirroring and hues -----------------------------------------------------------------------------------------


def test_input_and_truth_are_mirrored_together_half_of_the_time(pairs: Path) -> None:
    fills, still = fills_of(pairs, Augmentation(flip=True)), seen(fills_of(pairs))
    mirrored = still[0][:, ::-1], still[1][:, ::-1]
    assert not same(still, mirrored)
    flips = 0
    for draw in range(60):
        turn = seen(fills, draw=draw)
        flipped = same(turn, mirrored)
        assert flipped or same(turn, still)
        flips += flipped
    assert 15 < flips < 45


def test_hues_turn_in_half_of_the_cases_and_fill_and_truth_alike(pairs: Path) -> None:
    fills = fills_of(pairs, Augmentation(flip=False, hue=0.5))
    inputs, truth = seen(fills_of(pairs))
    turned = 0
    for draw in range(40):
        given, wanted = seen(fills, draw=draw)
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
        def visit(self, index: int, rng: np.random.Generator) -> Example:
            example = super().visit(index, rng)
            brown = np.where((example.lines < 128)[..., None], (90, 50, 20), example.colour)
            return example._replace(colour=brown.astype(np.uint8))

    dataset = Brown([open_dataset(pairs)], "train", size=SIZE, cache_bytes=LARGE)
    fills = PrecomputedFills(dataset, Augmentation(flip=False, hue=0.5), seed=0, cache_bytes=LARGE)
    black = dataset[0].lines == 0
    assert black.any()
    changed = 0
    for draw in range(12):
        _, truth = seen(fills, draw=draw)
        assert (truth[black][:, :3] == (90, 50, 20)).all()
        changed += not np.array_equal(truth[..., :3], dataset[0].colour)
    assert changed >= 2


def test_hues_do_not_turn_where_there_is_no_hint_to_tell(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "resample_hints", lambda colour, lines, hints, rng: np.zeros_like(hints))
    fills = fills_of(pairs, Augmentation(flip=False, hue=0.5, hints=True))
    assert all(np.array_equal(seen(fills, draw=draw)[1][..., :3], dataset_of(pairs)[0].colour) for draw in range(12))


# as batches -------------------------------------------------------------------------------------------------


def loader_of(
    pairs: Path, *, cache_bytes: int = LARGE, rank: int = 0, world_size: int = 1, batch_size: int = 2
) -> BatchLoader:
    dataset = dataset_of(pairs)
    examples = fillnet.training_examples(dataset, VARIED, seed=3, cache_bytes=cache_bytes)
    return BatchLoader(examples, len(dataset), batch_size=batch_size, seed=3, rank=rank, world_size=world_size)


def test_batches_hold_seven_channels_and_the_truth_with_its_lines(pairs: Path) -> None:
    batch = loader_of(pairs).batch(0)
    assert (batch.inputs.shape, batch.targets.shape) == ((2, 7, SIZE, SIZE), (2, 4, SIZE, SIZE))
    for part in (batch.inputs, batch.targets):
        assert part.dtype == torch.float32
        assert -1 <= part.min() < part.max() <= 1


def test_workers_memory_and_the_place_of_the_start_change_nothing(pairs: Path) -> None:
    reference = [loader_of(pairs).batch(turn) for turn in range(9)]
    for workers, room in ((0, 0), (3, LARGE), (2, 5000)):
        batches = loader_of(pairs, cache_bytes=room).prefetch(4, workers=workers)
        for batch, expected in zip(islice(batches, 5), reference[4:], strict=True):
            assert torch.equal(batch.inputs, expected.inputs)
            assert torch.equal(batch.targets, expected.targets)
        batches.close()


def test_ranks_share_out_what_one_process_would_take(pairs: Path) -> None:
    alone = loader_of(pairs, batch_size=2)
    parts = [loader_of(pairs, rank=rank, world_size=2, batch_size=1).batch(4) for rank in (0, 1)]
    assert torch.equal(torch.cat([part.inputs for part in parts]), alone.batch(4).inputs)
    assert torch.equal(torch.cat([part.targets for part in parts]), alone.batch(4).targets)


def test_an_eighth_of_the_memory_is_for_decoded_pictures(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fills were worked out of is needed for three other variants only; what was filled stays."""
    limits: list[int] = []
    monkeypatch.setattr(PairDataset, "resize_cache", lambda self, cache_bytes: limits.append(cache_bytes))
    fills = fillnet.training_examples(dataset_of(pairs), VARIED, seed=0, cache_bytes=8001)
    assert isinstance(fills, PrecomputedFills)
    assert limits == [1000]
    assert fills._room == 7001


def test_an_example_is_its_levels_in_minus_one_to_one(pairs: Path) -> None:
    fills = fills_of(pairs, VARIED)
    inputs, target, _ = fills.example(1, 2, np.random.default_rng(4))
    for floats, levels in zip((inputs, target), fills.levels(1, 2, np.random.default_rng(4)), strict=True):
        assert floats.dtype == np.float32
        assert np.array_equal(np.moveaxis(floats, 0, 2) * np.float32(127.5) + np.float32(127.5), levels)


# hints drawn anew, mixed lines, other brightness, frames -----------------------------------------------------


def test_hints_are_redrawn_each_time_a_picture_is_seen(pairs: Path) -> None:
    """Not four times for all."""
    redrawn = fills_of(pairs, Augmentation(flip=False, redraw=augmentation.hint_drawing("points")))
    assert len({seen(redrawn, 0, epoch, draw=epoch)[0][..., 5].tobytes() for epoch in range(12)}) == 12
    assert same(seen(redrawn, 0, 1, draw=3), seen(redrawn, 0, 5, draw=3)), "all chance is the visit's"
    assert "anew" in redrawn.notes[0]


def test_a_picture_is_now_and_then_without_hints_where_they_are_left_out_by_chance(pairs: Path) -> None:
    halves = fills_of(pairs, Augmentation(flip=False, hintless=0.5))
    shown = [bool(seen(halves, 0, 0, draw=draw)[0][..., 5].any()) for draw in range(40)]
    assert 10 < sum(shown) < 30
    never = fills_of(pairs, Augmentation(flip=False, hintless=1.0))
    assert not seen(never)[0][..., 5].any()
    assert never.notes == (), "nothing is left to chance: worked out once"


def test_lines_are_drawn_from_the_mix_each_time(pairs: Path) -> None:
    class Mixed(PairDataset):
        mixes_lines = True

        def visit(self, index: int, rng: np.random.Generator) -> Example:
            example = super().visit(index, rng)
            return example._replace(lines=np.full_like(example.lines, 255)) if rng.random() < 0.5 else example

    dataset = Mixed([open_dataset(pairs)], "train", size=SIZE, cache_bytes=LARGE)
    fills = PrecomputedFills(dataset, STILL, seed=0, cache_bytes=LARGE)
    empty = [bool((seen(fills, draw=draw)[0][..., 0] == 255).all()) for draw in range(40)]
    assert 10 < sum(empty) < 30


def test_where_each_visit_is_filled_anew_all_memory_is_for_decoded_pictures(pairs: Path) -> None:
    dataset = dataset_of(pairs)
    fillnet.training_examples(dataset, Augmentation(hintless=0.5), seed=0, cache_bytes=8000)
    assert dataset._room == 8000


def test_brightness_changes_what_is_read_and_not_what_is_learned(pairs: Path) -> None:
    plain, dark = (fills_of(pairs, Augmentation(flip=False, input_jitter=share)) for share in (0.0, 0.3))
    (inputs, target), (other_inputs, other_target) = (
        each.levels(0, 0, np.random.default_rng(0)) for each in (plain, dark)
    )
    assert np.array_equal(target, other_target)
    assert not np.array_equal(inputs[..., 0], other_inputs[..., 0])


def test_frames_that_are_no_squares_are_kept_as_they_are(pairs: Path) -> None:
    class Wide(PairDataset):
        def visit(self, index: int, rng: np.random.Generator) -> Example:
            example = super().visit(index, rng)
            return Example(*(array[: SIZE // 2] for array in example[:3]))

        @property
        def shape(self) -> tuple[int, int]:
            return SIZE // 2, SIZE

    dataset = Wide([open_dataset(pairs)], "train", size=SIZE, cache_bytes=LARGE)
    fills = PrecomputedFills(dataset, Augmentation(flip=True), seed=0, cache_bytes=LARGE)
    first = fills.levels(0, 0, np.random.default_rng(1))
    again = fills.levels(0, 0, np.random.default_rng(1))  # from memory
    assert first[0].shape == (SIZE // 2, SIZE, 7) and first[1].shape == (SIZE // 2, SIZE, 4)
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
