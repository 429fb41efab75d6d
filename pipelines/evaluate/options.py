"""What is asked of an evaluation, checked before any work: metrics and what they need, names of methods, limits."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.core import registry
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.files import fingerprint, show_path
from pipelines.metrics.base.feature_networks import is_program
from pipelines.metrics.base.limits import check_statistic, split_limit
from pipelines.metrics.base.metric import check_packages, needs_of

GALLERY = 24
"""How many pictures the page shows."""

_FIRST_COLUMNS = ("psnr", "ssim", "ms_ssim", "delta_e")  # metrics that people look for first


@dataclass(frozen=True)
class References:
    """Pictures that lie beside the results, matched by name: all but the truth may be missing."""

    truth: str
    lines: str | None = None
    hints: str | None = None


@dataclass(frozen=True)
class EvaluateOptions:
    """What is measured and how it is judged."""

    metrics: tuple[str, ...] = ()  # empty: all that need no weights and for which the references are there
    weights: Mapping[str, str] = field(default_factory=dict)  # metric -> file of its network
    frames: bool = False  # names that differ in their last number alone are frames of one sequence
    resize: bool = False  # bring pictures of another size to the truth's
    compare: tuple[tuple[str, str], ...] = ()  # is the second better than the first?
    fail_under: Mapping[str, float] = field(default_factory=dict)  # METRIC or METRIC.min ... -> least of any method
    fail_over: Mapping[str, float] = field(default_factory=dict)  # the same -> most of any method
    baseline: str | None = None  # report.json of an earlier run
    no_worse: Mapping[str, float] = field(default_factory=dict)  # METRIC or METRIC.min ... -> how much worse than there
    partial: bool = False  # pictures of the truth without a result are no failures
    gallery: int = GALLERY  # pictures on the page
    ballot: int | None = None  # pairs on a page for blind votes; None: no such page


def choose_metrics(options: EvaluateOptions, references: References) -> tuple[str, ...]:
    """The metrics to measure; raises UsageError for one that does not exist or lacks what it needs."""
    available = _available(options, references)

    def missing_of(name: str) -> list[str]:
        return sorted(needs_of(name) - available - ({"weights"} if name in options.weights else set()))

    for name in (*options.metrics, *options.weights):
        if missing := missing_of(name):
            what, hint = _NEEDS[missing[0]]
            raise UsageError(f"{name} needs {what}", hint=hint.format(name=name))
    metrics = options.metrics or [name for name in registry.names("metrics") if not missing_of(name)]
    for name in metrics:
        check_packages(name)
    if options.metrics:
        return tuple(dict.fromkeys(metrics))
    return tuple(sorted(metrics, key=_column))


def _available(options: EvaluateOptions, references: References) -> set[str]:
    """What is there for any metric; weights are for one metric each."""
    available = {"frames"} if options.frames else set()
    if references.lines is not None:
        available |= {"lines", "regions"}
    if references.hints is not None:
        available.add("hints")
    return available


def _column(name: str) -> tuple[int, str]:
    return _FIRST_COLUMNS.index(name) if name in _FIRST_COLUMNS else len(_FIRST_COLUMNS), name


_NEEDS = {  # what a metric may need: in words, and how it is given
    "lines": ("the line art", "Give --lines DIR"),
    "regions": ("the line art", "Give --lines DIR"),
    "hints": ("the hints", "Give --hints DIR"),
    "frames": (
        "to be told that there are frames",
        "Give --frames where walk/3 and walk/4 are of one sequence",
    ),
    "weights": (
        "the weights of its network",
        "Give --weights {name}=FILE, or a folder with {name}.* in COLORIZE_CLI_WEIGHTS",
    ),
}


def describe_unmeasured(options: EvaluateOptions, metrics: Sequence[str]) -> Iterator[str]:
    """Say which metrics are left out for want of a folder, where none was asked for by name."""
    if options.metrics:
        return
    others = {name: needs_of(name) - {"regions"} for name in registry.names("metrics") if name not in metrics}
    for option in ("lines", "hints"):
        names = [name for name, needs in others.items() if needs == {option}]
        if names:
            yield f"not measured without --{option}: {', '.join(names)}"


def check_options(options: EvaluateOptions, metrics: Sequence[str], labels: Sequence[str]) -> None:
    """Find out before the work whether what is asked can be answered; raises UsageError or SettingsError if not."""
    for label in (label for pair in options.compare for label in pair):
        if label not in labels:
            raise UsageError(f"there is no method '{label}' to compare", hint=registry.suggestion(label, tuple(labels)))
    for first, second in options.compare:
        if first == second:
            raise UsageError(f"'{first}' cannot be compared with itself", hint="Name two methods after --compare")
    _check_limits(options, metrics)
    if options.ballot is not None and len(labels) < 2:
        raise UsageError("there is nothing to choose from", hint="Name two folders of results or more for --ab")


def _check_limits(options: EvaluateOptions, metrics: Sequence[str]) -> None:
    for name, limit in (*options.fail_under.items(), *options.fail_over.items(), *options.no_worse.items()):
        metric, chosen = split_limit(name)
        if metric not in metrics:
            raise SettingsError(
                f"'{show_path(metric)}' is not measured", hint=registry.suggestion(metric, tuple(metrics))
            )
        check_statistic(metric, chosen)
        if math.isnan(limit):
            raise SettingsError(f"the limit of {name} is not a number", hint=f"Write {name}=NUMBER")
    for name, allowed in options.no_worse.items():
        if allowed < 0:
            hint = f"Write {name}=0.2: it may be worse by 0.2, lower or higher, whichever is worse for {name}"
            raise SettingsError(f"--no-worse {name} = {allowed:g} is below 0", hint=hint)
    if options.no_worse and options.baseline is None:
        raise UsageError("there is no baseline to be no worse than", hint="Add --baseline report.json")
    if options.baseline is not None and not options.no_worse:
        raise UsageError("nothing is held against the baseline", hint="Add --no-worse psnr=0.2")


def name_methods(results: Sequence[str]) -> dict[str, Path]:
    """Label -> folder or file; raises UsageError for labels that are alike or that could not be a folder's name."""
    places: dict[str, Path] = {}
    for text in results:
        label, place = _split_label(text)
        if not label or label in (".", "..") or set(label) & set('/\\:*?"<>|') or not label.isprintable():
            raise UsageError(f"'{show_path(label)}' is no name for a method", hint="Write NAME=PATH")
        if label in places:
            raise UsageError(f"two methods are called '{label}'", hint="Give names: first=PATH second=PATH")
        places[label] = place
    if not places:
        raise UsageError("there are no results", hint="Name folders of results before --truth")
    return places


def _split_label(text: str) -> tuple[str, Path]:
    """Label and path of LABEL=PATH, or of PATH, whose own name is the label then."""
    label, equals, rest = text.partition("=")
    if equals and not Path(text).exists():
        return label, Path(rest)
    path = Path(text)
    return path.resolve().name if path.is_dir() else path.stem, path


def describe_programs(weights: Mapping[str, str]) -> Iterator[str]:
    """Say which files of weights are programs, which run with all that the user may do."""
    for name, path in weights.items():
        if is_program(path):
            yield (
                f"{name}: {show_path(path)} is a program (TorchScript) that was run: give such files only where you "
                "trust them, or weights of Inception-v3 as .safetensors"
            )


def weight_digests(weights: Mapping[str, str]) -> dict[str, str]:
    """Digests of the weights, so that scores by other weights are stale; raises UsageError where there is no file."""
    return {name: _file_digest(name, Path(path)) for name, path in weights.items()}


def _file_digest(name: str, path: Path) -> str:
    try:
        return fingerprint(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"the weights of {name} cannot be read ({show_path(path)}: {error.strerror})", hint="Check --weights"
        ) from error
