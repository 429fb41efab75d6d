"""What a dataset is built of and how: recipe, splitting, storing, and the methods that a recipe asks for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipelines.core import families
from pipelines.core.data.layout import OWN_LINES, PICTURE_LINES, Domain, Format, InputKind
from pipelines.core.data.splits import Shares
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.imaging.framing import Framing
from pipelines.core.method_specs import MethodSpec, Values, group_by_method, resolve_method_specs


@dataclass(frozen=True)
class Recipe:
    """What is made of each picture."""

    framing: Framing = field(default_factory=Framing)
    lines: tuple[str, ...] = ()  # METHOD or METHOD:PRESET, "own" = its own line art; empty = own if any, else adaptive
    hints: tuple[str, ...] = ("kmedoids",)  # METHOD or METHOD:PRESET
    draws: int = 1  # hint maps of each method, each from random numbers of its own
    values: Mapping[str, object] = field(default_factory=dict)  # METHOD.NAME -> value, or "LOW..HIGH"
    input: InputKind = "drawing"  # picture: the partners are no line art; they become the composites as they are
    saturation_boost: float = 0.0  # 0.5 = half as much again for grey pictures, nothing for highly colourful ones

    def __post_init__(self) -> None:
        """Refuse to draw nothing, and to draw where there is nothing to."""
        if self.draws < 1:
            raise SettingsError(f"{self.draws} draws make no hints", hint="Use --draws 1 or more")
        if self.input == "picture" and (self.lines or self.hints != ("none",) or self.draws > 1):
            raise SettingsError(
                "pictures that are no line art have no lines to be found and no hints",
                hint="Leave out --line-method, --hint-method and --draws, or --input picture",
            )


@dataclass(frozen=True)
class Splitting:
    """Which split a picture goes to."""

    shares: Shares = field(default_factory=Shares)
    keep: bool = False  # where a sidecar or a folder names the split, that one
    group_pattern: str | None = None  # regular expression: names in which it finds the same text stay together
    group_by: str | None = None  # name of a sidecar's value: pictures with the same value stay together

    def __post_init__(self) -> None:
        """Refuse a pattern that is none."""
        try:
            re.compile(self.group_pattern or "")
        except re.error as error:
            message = f"'{self.group_pattern}' is not a regular expression: {error}"
            raise SettingsError(message, hint="Write --group such as '^[^_]+', the name up to its first _") from error


@dataclass(frozen=True)
class Storing:
    """How the dataset lies on disk."""

    layout: Format = "own"
    domain: Domain = "composite"  # what A is, in the layouts that have an A and a B
    shard_size: int = 256  # samples in a shard; a worker holds a shard in memory
    prune: bool = False  # remove files of earlier runs that are no longer part of the dataset


@dataclass(frozen=True)
class ResolvedMethods:
    """The methods of a recipe with their settings, and what to tell the user of them."""

    lines: tuple[MethodSpec, ...]
    hints: tuple[MethodSpec, ...]  # one for each draw
    notes: tuple[str, ...]


def resolve_methods(recipe: Recipe, *, has_own_lines: bool) -> ResolvedMethods:
    """The methods that a recipe asks for; has_own_lines: whether pictures may have line art of their own.

    Raises UsageError for methods that do not exist or for own line art where there is none, SettingsError for settings
    of theirs that cannot be.
    """
    if recipe.input == "picture":
        if not has_own_lines:
            raise UsageError("--input picture needs pairs of pictures", hint="Give --read AB, BA or pairs, or --pair")
        own = MethodSpec(PICTURE_LINES, "lines", OWN_LINES)
        return ResolvedMethods((own,), tuple(resolve_method_specs("hints", recipe.hints, {})), ())
    lines = recipe.lines or ((OWN_LINES,) if has_own_lines else ("adaptive",))
    if OWN_LINES in lines and not has_own_lines:
        raise UsageError(
            "the pictures have no line art of their own", hint="Give --lines DIR, --pair, or --read AB, BA or pairs"
        )
    extractors = [name for name in lines if name != OWN_LINES]
    values = group_by_method(recipe.values, [name.partition(":")[0] for name in (*extractors, *recipe.hints)])
    own_specs = [MethodSpec(OWN_LINES, "lines", OWN_LINES)] if OWN_LINES in lines else []
    hints, notes = _resolve_hints(recipe.hints, recipe.draws, values)
    return ResolvedMethods((*own_specs, *resolve_method_specs("lines", extractors, values)), tuple(hints), tuple(notes))


def make_methods_ready(lines: Sequence[MethodSpec]) -> None:
    """Open the files of those line extractors that have one; raises UsageError where one cannot be used."""
    for spec in lines:
        if spec.method != OWN_LINES:
            families.make_ready("lines", spec.method, spec.params)


def _resolve_hints(names: Sequence[str], draws: int, values: Values) -> tuple[list[MethodSpec], list[str]]:
    """Each hint method as often as it is drawn: once where it draws the same every time, of which a note tells."""
    specs, notes = [], []
    for spec in resolve_method_specs("hints", names, values):
        specs.append(spec)
        if draws == 1:
            continue
        if _varies(spec):
            specs += [replace(spec, label=f"{spec.label}-{number}") for number in range(1, draws)]
        else:
            notes.append(
                f"{spec.label} draws the same hints every time, so one draw was made; "
                f"a random setting makes it vary, such as --set {spec.method}.hints=4..16"
            )
    return specs, notes


def _varies(spec: MethodSpec) -> bool:
    """Whether a hint method's random numbers, or the settings drawn from them, make a difference."""
    if spec.ranges:
        return True
    picture = np.zeros((48, 48, 3), np.uint8)
    picture[4:24, 4:44], picture[24:44, 4:24], picture[24:44, 24:44] = (220, 40, 30), (40, 170, 80), (30, 60, 200)
    place = families.load("hints", spec.method).place
    maps = {place(picture, None, spec.params, np.random.default_rng(seed)).tobytes() for seed in range(8)}
    return len(maps) > 1
