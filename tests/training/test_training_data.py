"""What a run learns from: frames, kinds of input, hints and lines as its settings ask, and what is refused before."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipelines.build_dataset import Recipe, Splitting, build_dataset
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.data.manifest import Dataset, open_dataset
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.imaging.framing import Framing
from pipelines.core.imaging.picture import encode_png
from pipelines.inference.encoding import COMPOSITE, LAYERS, LINES, PICTURE
from pipelines.inference.types import NetworkSpec
from pipelines.training.config import TrainConfig
from pipelines.training.pair_dataset import Example
from pipelines.training.training_data import augmentation_of, check_datasets, choose_frame, examples_of, open_pairs
from tests import drawings
from tests.pairs import picture

SPEC = NetworkSpec(encoding=COMPOSITE, size=32, size_multiple=4, least_size=8)


@pytest.fixture(scope="module")
def art(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("art")
    for split, count in (("train", 5), ("val", 2)):
        for number in range(count):
            drawings.write(folder / split / f"{number}.png", picture(number + 50 * (split == "val"), 32))
    return folder


def build(source: Path, output: Path, *, size: tuple[int, int] = (32, 32), **options: Any) -> Dataset:
    recipe = Recipe(Framing(size), **{"lines": ("adaptive",), **options})
    settings = BatchSettings(jobs=1)
    report = build_dataset([str(source)], str(output), recipe=recipe, splitting=Splitting(keep=True), batch=settings)
    assert report.counts["failed"] == 0
    return open_dataset(output)


@pytest.fixture(scope="module")
def mixed(art: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("mixed")
    return build(art, out, lines=("adaptive", "xdog:paintstorch"), hints=("points",))


@pytest.fixture(scope="module")
def hintless(art: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return build(art, tmp_path_factory.mktemp("hintless"), hints=("none",))


def shown_as(dataset: Dataset, size: tuple[int, int] | None) -> Dataset:
    return dataclasses.replace(dataset, description={**dataset.description, "size": size and list(size)})


# frames -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), (32, 32)),
        (None, (32, 32)),
        ((64, 32), (32, 16)),
        ((24, 96), (8, 32)),
        ((320, 240), (32, 24)),
    ],
)
def test_frames_that_fit_the_step_have_the_models_longer_side(
    mixed: Dataset, size: tuple[int, int] | None, expected: tuple[int, int]
) -> None:
    assert choose_frame([shown_as(mixed, size)], SPEC) == expected


def test_where_only_the_whole_size_fits_the_shorter_side_has_it() -> None:
    unet = dataclasses.replace(SPEC, size=256, size_multiple=256, least_size=256)
    wide = Dataset(Path("wide"), {"size": [512, 256]}, {})
    assert choose_frame([wide], unet) == (512, 256)
    with pytest.raises(UsageError, match=r"wide has pictures of 256x192 px.*multiples of 256 px") as raised:
        choose_frame([Dataset(Path("wide"), {"size": [256, 192]}, {})], unet)
    assert raised.value.hint == "Build it with --size 256"


def test_what_does_not_fit_names_the_nearest_frame_that_does() -> None:
    reason = (
        r"with a side of \d+ px, this network's size, they are \d+x\d+ or \d+x\d+, and it takes .* multiples of 4 px"
    )
    with pytest.raises(UsageError, match=reason) as raised:
        choose_frame([Dataset(Path("odd"), {"size": [310, 200]}, {})], SPEC)
    assert raised.value.hint == "Build it with --size 32x20"
    thin = Dataset(Path("thin"), {"size": [400, 40]}, {})
    with pytest.raises(UsageError) as raised:  # 32x3.2: shorter than the network takes
        choose_frame([thin], dataclasses.replace(SPEC, size_multiple=1, least_size=33))
    assert raised.value.hint == "Build it with --size 33"


def test_one_run_has_one_frame() -> None:
    several = [Dataset(Path("a"), {"size": size}, {}) for size in ([64, 32], [32, 32], None)]
    with pytest.raises(UsageError, match="pictures 32x32 and 64x32 and of any size: a run has one frame"):
        choose_frame(several, SPEC)


def test_networks_of_squares_alone_say_so() -> None:
    with pytest.raises(UsageError, match="this network takes squares alone") as raised:
        choose_frame([Dataset(Path("a"), {"size": [64, 32]}, {})], dataclasses.replace(SPEC, square_only=True))
    assert raised.value.hint == "Build it with --size 32"


def test_pictures_of_a_frame_are_learned_from_in_it(art: Path, tmp_path: Path) -> None:
    dataset = build(art, tmp_path / "wide", size=(64, 48))
    config = TrainConfig(jitter=0.2, hue=0.3, vary_lines=1.0, redraw_hints="strokes", flip=True)
    pairs = open_pairs([dataset], SPEC, config)
    assert pairs.train.shape == pairs.validation.shape == (24, 32)
    module = SimpleNamespace(network_spec=lambda params: SPEC)
    example = examples_of(module, None, pairs.train, config).example(0, 0, np.random.default_rng(0))  # type: ignore[arg-type]
    assert example.inputs.shape == example.target.shape == (3, 24, 32)
    assert (abs(example.inputs[0] - example.target[0]) < 0.1).mean() > 0.3, "lines and colour lie over each other"


# hints and lines --------------------------------------------------------------------------------------------


def test_settings_become_an_augmentation() -> None:
    config = TrainConfig(flip=False, jitter=0.1, hue=0.2, vary_lines=0.3, hintless=0.4, input_jitter=0.5)
    augmentation = augmentation_of(config)
    assert dataclasses.astuple(augmentation) == (False, 0.1, 0.2, False, 0.3, None, 0.4, 0.5)
    drawn = augmentation_of(TrainConfig(redraw_hints="points")).redraw
    assert drawn is not None
    assert drawn(picture(1, 32), np.random.default_rng(0))[..., 3].any()


def test_with_a_mix_an_epoch_counts_pictures(mixed: Dataset) -> None:
    assert len(open_pairs([mixed], SPEC, TrainConfig()).train) == 10
    pairs = open_pairs([mixed], SPEC, TrainConfig(line_mix="adaptive=.5,xdog:paintstorch=.5"))
    assert (len(pairs.train), len(pairs.validation)) == (5, 2)


def test_validation_pictures_have_the_runs_hints_and_never_change(hintless: Dataset) -> None:
    pairs = open_pairs([hintless], SPEC, TrainConfig(redraw_hints="points"))
    first, again = pairs.validation[0], pairs.validation[0]
    assert first.hints[..., 3].any()
    assert np.array_equal(first.hints, again.hints)
    assert not open_pairs([hintless], SPEC, TrainConfig()).validation[0].hints.any()


def test_a_models_own_preparation_is_given_the_example_as_it_is_seen(mixed: Dataset) -> None:
    seen: list[Example] = []

    def prepare(example: Example, params: int, rng: np.random.Generator) -> dict[str, Any]:
        seen.append(example)
        return {"domain": np.asarray(example.domain + params), "chance": np.asarray(rng.random())}

    module: Any = SimpleNamespace(network_spec=lambda params: SPEC, prepare=prepare)
    pairs = open_pairs([mixed, mixed], SPEC, TrainConfig())
    examples = examples_of(module, 10, pairs.train, TrainConfig())
    named = [examples.example(index, 0, np.random.default_rng(7)).named for index in (0, 9, 10, 19)]
    assert [int(each["domain"]) for each in named] == [10, 10, 11, 11]
    assert len({float(each["chance"]) for each in named}) == 1, "chance is the position's alone"
    assert len(seen) == 4


# what is refused --------------------------------------------------------------------------------------------


def test_a_good_dataset_passes(mixed: Dataset) -> None:
    check_datasets([mixed], SPEC, TrainConfig(line_mix="adaptive=.5,xdog:paintstorch=.5", redraw_hints="strokes"))


def test_a_kind_of_lines_that_is_not_there_is_refused(mixed: Dataset) -> None:
    with pytest.raises(UsageError, match="no lines of the kind own: it has adaptive, xdog-paintstorch"):
        check_datasets([mixed], SPEC, TrainConfig(line_mix="own=.5,adaptive=.5"))


def test_pictures_and_line_art_are_not_taken_for_each_other(mixed: Dataset) -> None:
    pictures = dataclasses.replace(mixed, description={**mixed.description, "input": "picture"})
    with pytest.raises(UsageError, match="no line art: this model reads line art") as raised:
        check_datasets([mixed, pictures], SPEC, TrainConfig())
    assert "--set input=picture" in raised.value.hint
    with pytest.raises(UsageError, match="holds line art: this model reads pictures"):
        check_datasets([mixed], dataclasses.replace(SPEC, encoding=PICTURE), TrainConfig())


def test_a_model_that_learns_from_hints_needs_some(hintless: Dataset, mixed: Dataset) -> None:
    layers = dataclasses.replace(SPEC, encoding=LAYERS)
    with pytest.raises(UsageError, match="the dataset has no hints") as raised:
        check_datasets([hintless], layers, TrainConfig())
    assert "--redraw-hints strokes" in raised.value.hint
    for passing in (TrainConfig(redraw_hints="strokes"), TrainConfig(hintless=1.0), TrainConfig(vary_hints=True)):
        check_datasets([hintless], layers, passing)
    check_datasets([hintless, mixed], layers, TrainConfig())
    check_datasets([hintless], SPEC, TrainConfig())  # a composite may be line art alone


@pytest.mark.parametrize(
    ("settings", "option"),
    [
        ({"redraw_hints": "strokes"}, "--redraw-hints"),
        ({"hintless": 0.5}, "--hintless"),
        ({"vary_hints": True}, "--vary"),
    ],
)
def test_hints_for_a_model_that_reads_none_are_refused(
    hintless: Dataset, settings: dict[str, Any], option: str
) -> None:
    with pytest.raises(UsageError, match=f"reads no hints: {option}.* would do nothing"):
        check_datasets([hintless], dataclasses.replace(SPEC, encoding=LINES), TrainConfig(**settings))


def test_what_is_learned_without_hints_is_validated_without(mixed: Dataset) -> None:
    assert open_pairs([mixed], SPEC, TrainConfig()).validation[0].hints[..., 3].any()
    assert not open_pairs([mixed], SPEC, TrainConfig(hintless=1.0)).validation[0].hints[..., 3].any()


def test_a_model_that_reads_no_hints_may_be_shown_none(hintless: Dataset) -> None:
    """As the recipe `anime` asks for."""
    lines = dataclasses.replace(SPEC, encoding=LINES)
    check_datasets([hintless], lines, TrainConfig(hintless=1.0))
    with pytest.raises(UsageError, match="reads no hints: --redraw-hints and --hintless would do nothing"):
        check_datasets([hintless], lines, TrainConfig(hintless=1.0, redraw_hints="strokes"))


def test_other_lines_for_a_model_that_reads_pictures_are_refused(mixed: Dataset) -> None:
    pictures = dataclasses.replace(mixed, description={**mixed.description, "input": "picture"})
    spec = dataclasses.replace(SPEC, encoding=PICTURE)
    check_datasets([pictures], spec, TrainConfig())
    with pytest.raises(UsageError, match="reads no line art: --vary-lines would do nothing"):
        check_datasets([pictures], spec, TrainConfig(vary_lines=0.5))


@pytest.mark.parametrize(
    ("role", "damage", "message"),
    [
        ("hints", encode_png(np.zeros((16, 32, 4), np.uint8)), r"is 32x16, its picture 32x32"),
        ("lines", None, r"the lines of .* is missing"),
        ("colour", b"no picture", r"the colour of .* is damaged"),
    ],
)
def test_files_that_are_wrong_throughout_are_found_before_the_run(
    art: Path, tmp_path: Path, role: str, damage: bytes | None, message: str
) -> None:
    dataset = build(art, tmp_path / "pairs")
    for sample in dataset.samples["train"][:1]:
        break_file(dataset.folder / getattr(sample, role), damage)
    check_datasets([dataset], SPEC, TrainConfig())  # one of five is left out while the run goes on
    for sample in dataset.samples["train"]:
        break_file(dataset.folder / getattr(sample, role), damage)
    with pytest.raises(ColorizeError, match=message):
        check_datasets([dataset], SPEC, TrainConfig())


def break_file(path: Path, damage: bytes | None) -> None:
    path.write_bytes(damage) if damage is not None else path.unlink(missing_ok=True)


def test_a_manifest_without_hints_is_refused_with_its_line(art: Path, tmp_path: Path) -> None:
    dataset = build(art, tmp_path / "pairs")
    manifest = dataset.folder / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    del rows[1]["hints"]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UsageError, match=r"line 2 of .* is damaged"):
        open_dataset(dataset.folder)


def test_sides_that_fit_but_not_at_the_networks_size_are_told_apart_from_those_that_do_not() -> None:
    spec = dataclasses.replace(SPEC, size=128, size_multiple=4, least_size=1)
    with pytest.raises(UsageError) as raised:
        choose_frame([Dataset(Path("wide"), {"size": [100, 60]}, {})], spec)
    assert str(raised.value) == (
        "wide has pictures of 100x60 px: with a side of 128 px, this network's size, they are 128x77 or 213x128, and "
        "it takes sides that are multiples of 4 px. Build it with --size 128x76"
    )
    with pytest.raises(UsageError, match="128x32 or 512x128, and it takes sides of 600 px and more"):
        choose_frame([Dataset(Path("thin"), {"size": [400, 100]}, {})], dataclasses.replace(spec, least_size=600))
