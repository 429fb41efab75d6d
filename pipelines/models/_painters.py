"""Finds what a user means by `--model`, and paints with it: a model without weights, or a trained network.

A painter's result for one drawing is a `Painting` at full size, whatever painted it. torch is loaded for networks only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.core import registry
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.images import composite
from pipelines.core.settings import resolve
from pipelines.models._guided import Areas, bring_up, find_areas

if TYPE_CHECKING:
    from pipelines.models._painting import Network, Sheet

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Steps = dict[str, Bytes]
HintPreset = Literal["fills", "discs"]  # small spots within areas for models that fill, discs as in training

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Painter:
    """One `--model`."""

    label: str  # what its results are called
    model: str  # its file in pipelines/models
    params: Any  # its Params; of a network as plain values
    checkpoint: str = ""  # folder of a trained network
    weights: str = ""  # digest of its weights

    @property
    def is_network(self) -> bool:
        """Whether it is a trained network."""
        return bool(self.checkpoint)

    @property
    def hint_preset(self) -> HintPreset:
        """Which hints it is made for."""
        return "discs" if self.is_network else "fills"

    @property
    def steps(self) -> tuple[str, ...]:
        """The names under which it shows its intermediate pictures."""
        return (f"{self.label}-input", f"{self.label}-raw") if self.is_network else ()


class Guide(NamedTuple):
    """What says which colours go where; each may say nothing."""

    hints: Bytes  # RGBA (H, W, 4)
    palette: Bytes | None  # (k, 3)


@dataclass
class Canvas:
    """What is given for one drawing."""

    lines: Bytes  # (H, W), 0 = ink
    guides: Mapping[HintPreset, Guide]  # for each kind of painter
    rng: np.random.Generator
    _areas: Areas | None = field(default=None, repr=False)

    @property
    def areas(self) -> Areas:
        """The areas of the drawing, found once."""
        if self._areas is None:
            self._areas = find_areas(self.lines)
        return self._areas


@dataclass(frozen=True)
class Painting:
    """What a painter made of one drawing."""

    colour: Bytes  # RGB (H, W, 3), under the lines too
    flat: Bytes  # RGB (H, W, 3), the same without the shading inside areas
    background: Bools  # (H, W), the paper outside the figure
    steps: Steps = field(default_factory=dict)  # intermediate pictures by the painter's names for them


def find_painters(
    models: Sequence[str], *, preset: str | None = None, values: Mapping[str, object] | None = None
) -> tuple[Painter, ...]:
    """Find the painters that texts name: MODEL, CHECKPOINT, LABEL=MODEL or LABEL=CHECKPOINT.

    `preset` and `values` are for models without weights. Raises UsageError for what does not exist, labels that are
    no names or alike, and SettingsError for settings that no model takes.
    """
    painters = tuple(_find(text, preset, values or {}) for text in models)
    if (preset is not None or values) and all(painter.is_network for painter in painters):
        raise SettingsError("a trained network has no settings to choose", hint="Leave out --preset and --set")
    labels = [painter.label for painter in painters]
    for label in labels:
        if labels.count(label) > 1:
            raise UsageError(f"two models are called '{label}'", hint="Give them names: --model first=RUN1 ...")
    return painters


def device_of(wanted: str) -> str:
    """The device meant by one of `DEVICES`; raises UsageError for one that is not here."""
    import torch

    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return "cuda" if here["cuda"] else "mps" if here["mps"] else "cpu"
    if not here.get(wanted):
        raise UsageError(f"there is no device '{wanted}' here", hint="Use --device auto")
    return wanted


def load(painter: Painter, device: str) -> "Network":
    """Load a network, once in a process; raises UsageError for damaged weights."""
    from pipelines.models._painting import load_network

    return load_network(painter.checkpoint, painter.weights, device)


def paint(painter: Painter, canvases: Sequence[Canvas], device: str) -> list[Painting]:
    """Paint drawings, a network all of them together."""
    if not painter.is_network:
        return [_filled(painter, canvas) for canvas in canvases]
    network = load(painter, device)
    sheets = [network.lay_in(canvas.lines, canvas.guides["discs"].hints) for canvas in canvases]
    made = network.paint(sheets)
    return [
        _brought_up(painter, canvas, sheet, small) for canvas, sheet, small in zip(canvases, sheets, made, strict=True)
    ]


def _filled(painter: Painter, canvas: Canvas) -> Painting:
    module = registry.load("models", painter.model)
    made = module.paint(canvas.lines, *canvas.guides["fills"], painter.params, canvas.rng)
    return Painting(made.colour, made.colour, made.background)


def _brought_up(painter: Painter, canvas: Canvas, sheet: "Sheet", small: NDArray[np.float32]) -> Painting:
    hints, palette = canvas.guides["discs"]
    if hints[..., 3].any():  # as in `flat`: where there are hints, they decide
        palette = None
    made = bring_up(small, canvas.lines, canvas.areas, hints=hints, palette=palette)
    given = composite(sheet.hints, np.dstack([sheet.lines] * 3))
    pictures = dict(zip(painter.steps, (given, np.rint(small).astype(np.uint8)), strict=True))
    return Painting(made.colour, made.flat, made.background, pictures)


def _find(text: str, preset: str | None, values: Mapping[str, object]) -> Painter:
    label, target = _split(text)
    if target in registry.names("models"):
        module = registry.load("models", target)
        if hasattr(module, "paint"):
            return Painter(label or target, target, resolve(module, values, preset=preset))
    return _find_network(label, target)


def _find_network(label: str, target: str) -> Painter:
    from pipelines.models._checkpoint import find_checkpoint, read_card
    from pipelines.models._painting import weights_digest

    try:
        folder = find_checkpoint(target)
    except UsageError as error:
        if target not in registry.names("models"):
            raise UsageError(
                error.message, hint=f"{error.hint}. Models without weights: {', '.join(_without_weights())}"
            ) from error
        raise UsageError(
            f"'{target}' has to be trained first", hint=f"Give a run of colorize-cli train: --model {target}=RUN"
        ) from error
    card = read_card(folder)
    return Painter(label or card.model, card.model, dict(card.params), str(folder), weights_digest(folder))


def _without_weights() -> list[str]:
    return [name for name in registry.names("models") if hasattr(registry.load("models", name), "paint")]


def _split(text: str) -> tuple[str, str]:
    """Label and target; a path that holds an equals sign after a slash has no label."""
    label, equals, target = text.partition("=")
    if not equals or "/" in label or "\\" in label:
        return "", text
    if not label.replace("-", "").replace("_", "").isalnum():
        raise UsageError(f"'{label}' is no name for a model", hint="Use letters, digits, - and _: --model pix2pix=RUN")
    if not target:
        raise UsageError(f"--model {text} names no model", hint=f"Write --model {label}=RUN_OR_CHECKPOINT")
    return label, target
