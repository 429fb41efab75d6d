"""Says what a run learns from, its datasets as its settings ask for them, and refuses before any work what cannot be.

A network that is convolutional throughout learns from frames that are no squares where their sides are multiples of its
step: the longer side is the model's size, or where that does not fit the step, as in U-Nets, the shorter one.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from pipelines.core.data.line_mix import check_kinds, parse_line_mix
from pipelines.core.data.manifest import Dataset, Sample
from pipelines.core.errors import UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.picture import picture_size
from pipelines.inference.types import NetworkSpec
from pipelines.training.augmentation import Augmentation, hint_drawing
from pipelines.training.config import TrainConfig
from pipelines.training.loader import AugmentedPairs
from pipelines.training.pair_dataset import ExampleSource, PairDataset

_PROBED = 32  # samples of each dataset whose files are looked at before a run
_DAMAGED_SHARE = 0.05  # of them: more than that and the run does not begin
_NO_HINTS = "none"  # HINTS of samples without any, and the method that places none


class TrainingPairs(NamedTuple):
    """The pictures of a run."""

    train: PairDataset
    validation: PairDataset


def open_pairs(datasets: Sequence[Dataset], spec: NetworkSpec, config: TrainConfig) -> TrainingPairs:
    """The pictures that a network of `spec` learns from and is judged by, each kept decoded within `cache_gb`.

    Those of validation have one kind of lines each, and one hint map where these are redrawn, the same every time;
    none where all is learned without hints.
    """
    frame, mix = choose_frame(datasets, spec), parse_line_mix(config.line_mix)
    drawn_by = _NO_HINTS if config.hintless == 1 else config.redraw_hints
    redraw = hint_drawing(drawn_by) if drawn_by else None
    room = int(config.cache_gb * 2**30)
    train = PairDataset(datasets, "train", size=frame, cache_bytes=room, line_mix=mix, redraw=redraw)
    return TrainingPairs(train, PairDataset(datasets, "val", size=frame, cache_bytes=0, line_mix=mix, redraw=redraw))


def examples_of(module: ModuleType, params: Any, pairs: PairDataset, config: TrainConfig) -> ExampleSource:
    """What the model `module` learns from: its own examples, or `pairs` varied and encoded anew each time.

    `prepare(example, params, rng)` of the model, where it has one, adds tensors by name to the latter.
    """
    augmentation = augmentation_of(config)
    if hasattr(module, "training_examples"):
        cache_bytes = int(config.cache_gb * 2**30)
        examples: ExampleSource = module.training_examples(
            pairs, augmentation, seed=config.seed, cache_bytes=cache_bytes
        )
        return examples
    spec: NetworkSpec = module.network_spec(params)
    if not hasattr(module, "prepare"):
        return AugmentedPairs(pairs, spec.encoding, augmentation)
    return AugmentedPairs(pairs, spec.encoding, augmentation, lambda example, rng: module.prepare(example, params, rng))


def augmentation_of(config: TrainConfig) -> Augmentation:
    """How a run varies its pictures each time."""
    return Augmentation(
        flip=config.flip,
        jitter=config.jitter,
        hue=config.hue,
        hints=config.vary_hints,
        lines=config.vary_lines,
        redraw=hint_drawing(config.redraw_hints) if config.redraw_hints else None,
        hintless=config.hintless,
        input_jitter=config.input_jitter,
    )


def check_datasets(datasets: Sequence[Dataset], spec: NetworkSpec, config: TrainConfig) -> None:
    """Raise UsageError or SettingsError in one line where a network of `spec` cannot learn from these datasets so."""
    choose_frame(datasets, spec)
    _check_kinds_of_input(datasets, spec, config)
    if spec.domains and len(spec.domains) != len(datasets):
        raise UsageError(
            f"there are {len(spec.domains)} domains, {', '.join(spec.domains)}, and {len(datasets)} datasets",
            hint="Give a dataset for each domain, in their order",
        )
    samples = [sample for dataset in datasets for sample in dataset.samples["train"]]
    check_kinds(samples, parse_line_mix(config.line_mix))
    _check_hints(datasets, spec, config)
    for dataset in datasets:
        _check_files(dataset)


def choose_frame(datasets: Sequence[Dataset], spec: NetworkSpec) -> tuple[int, int]:
    """Width and height at which pictures are learned from, px; UsageError where that cannot be one for all."""
    frames = {dataset.frame for dataset in datasets}
    odd = [dataset for dataset in datasets if dataset.frame and dataset.frame[0] != dataset.frame[1]]
    if not odd:
        return spec.size, spec.size
    if len(frames) > 1:
        shown = " and ".join(sorted("of any size" if size is None else f"{size[0]}x{size[1]}" for size in frames))
        raise UsageError(f"the datasets have pictures {shown}: a run has one frame", hint="Build them with one --size")
    assert odd[0].frame is not None
    width, height = odd[0].frame
    source = f"{show_path(odd[0].folder)} has pictures of {width}x{height} px"
    if spec.square_only:
        raise UsageError(f"{source}: this network takes squares alone", hint=f"Build it with --size {spec.size}")
    scaled = [
        (round(width * spec.size / side), round(height * spec.size / side))
        for side in (max(width, height), min(width, height))
    ]
    for frame in scaled:
        if all(length % spec.size_multiple == 0 and length >= spec.least_size for length in frame):
            return frame
    raise UsageError(f"{source}: {_misfit(scaled, spec)}", hint=f"Build it with --size {_nearest(width, height, spec)}")


def _misfit(frames: Sequence[tuple[int, int]], spec: NetworkSpec) -> str:
    """Why a network can learn from pictures at none of the sizes that they would have: by its longer side, its shorter.

    Pictures are brought to the network's own size, so that sides which fit may fit no more.
    """
    wider, taller = (f"{width}x{height}" for width, height in frames)
    scaled = f"with a side of {spec.size} px, this network's size, they are {wider} or {taller}"
    if all(length % spec.size_multiple == 0 for frame in frames for length in frame):
        return f"{scaled}, and it takes sides of {spec.least_size} px and more"
    return f"{scaled}, and it takes sides that are multiples of {spec.size_multiple} px"


def _nearest(width: int, height: int, spec: NetworkSpec) -> str:
    """The frame of a network's own that is most like a shape, as --size takes it."""
    step, scale = spec.size_multiple, spec.size / max(width, height)
    sides = [max(round(side * scale / step) * step, -(-spec.least_size // step) * step) for side in (width, height)]
    return f"{sides[0]}" if sides[0] == sides[1] else f"{sides[0]}x{sides[1]}"


def _check_kinds_of_input(datasets: Sequence[Dataset], spec: NetworkSpec, config: TrainConfig) -> None:
    for dataset in datasets:
        if dataset.has_pictures and not spec.encoding.reads_picture:
            raise UsageError(
                f"{show_path(dataset.folder)} holds pictures that are no line art: this model reads line art",
                hint="Use a model that reads them: --model pix2pix --set input=picture",
            )
        if spec.encoding.reads_picture and not dataset.has_pictures:
            raise UsageError(
                f"{show_path(dataset.folder)} holds line art: this model reads pictures (input=picture)",
                hint="Build it with build-dataset --input picture, or leave out --set input=picture",
            )
    if spec.encoding.reads_picture and config.vary_lines:
        raise UsageError("this model reads no line art: --vary-lines would do nothing", hint="Leave that out")


def _check_hints(datasets: Sequence[Dataset], spec: NetworkSpec, config: TrainConfig) -> None:
    asked = [name for name in ("redraw_hints", "vary_hints", "hintless") if getattr(config, name)]
    if config.hintless == 1 and asked == ["hintless"]:
        return  # without hints in any case
    if asked and not spec.encoding.reads_hints:
        options = " and ".join(f"--{name.replace('_', '-')}" for name in asked)
        raise UsageError(f"this model reads no hints: {options} would do nothing", hint="Leave that out")
    needs_hints = spec.encoding.reads_hints and spec.encoding.name != "composite" and config.hintless < 1
    kinds = {sample.hint_method for dataset in datasets for sample in dataset.samples["train"]}
    if needs_hints and kinds == {_NO_HINTS} and not (config.redraw_hints or config.vary_hints):
        raise UsageError(
            "the dataset has no hints, and this model learns from them",
            hint="Add --redraw-hints strokes, or --hintless 1 if it is to learn without",
        )


def _check_files(dataset: Dataset) -> None:
    """Refuse a dataset of whose samples more than a few have files that are missing or of other sizes, by headers."""
    samples = dataset.samples["train"]
    probed = np.unique(np.linspace(0, len(samples) - 1, min(_PROBED, len(samples))).round().astype(int))
    problems = [problem for at in probed for problem in [_problem_of(dataset, samples[int(at)])] if problem]
    if len(problems) > max(_DAMAGED_SHARE * len(probed), 1):
        raise UsageError(problems[0], hint="Build the dataset again")


def _problem_of(dataset: Dataset, sample: Sample) -> str:
    """What is wrong with the files of a sample, as far as headers tell; empty where nothing is."""
    size = picture_size(dataset.folder / sample.colour)
    for role, file in (("colour", sample.colour), ("lines", sample.lines), ("hints", sample.hints)):
        path = dataset.folder / file
        own = picture_size(path)
        if own is None:
            return f"{show_path(path)}, the {role} of {sample.name}, {'is damaged' if path.exists() else 'is missing'}"
        if own != size and size is not None:
            return f"{show_path(path)} is {own[0]}x{own[1]}, its picture {size[0]}x{size[1]}"
    return ""
