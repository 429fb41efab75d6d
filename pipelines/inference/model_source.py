"""Finds what a user means by `--model`, and paints with it: a model without weights, or a trained network.

A painter's result for one drawing is a `Painting` at full size, whatever painted it. torch is loaded for networks only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.core import registry
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.imaging.compositing import composite
from pipelines.core.settings import resolve
from pipelines.inference.guided_upsampling import upsample
from pipelines.inference.onnx_engine import is_onnx, open_file
from pipelines.models.fillnet.inputs import FillNetOutput
from pipelines.models.fillnet.refine import FlatFill, fill, place_in_square, refine, sample_hints

if TYPE_CHECKING:
    from pipelines.inference.letterbox import Letterboxed
    from pipelines.inference.network import EngineName, Network
from pipelines.core.imaging.arrays import U8
from pipelines.inference.types import ColorResult, Drawing, HintPreset

DEVICES = ("auto", "cpu", "cuda", "mps")

ON_FLAT = ("fillnet",)
"""Models that paint on flat colour; said here too, so that torch is not loaded to find out."""


@dataclass(frozen=True)
class ModelSource:
    """One `--model`."""

    label: str  # what its results are called
    model: str  # its file in pipelines/models
    params: Any  # its Params; of a network as plain values
    checkpoint: str = ""  # folder or ONNX file of a trained network
    weights: str = ""  # digest of its weights, or of the whole file
    engine: "EngineName" = "torch"

    @property
    def is_network(self) -> bool:
        """Whether it is a trained network."""
        return bool(self.checkpoint)

    @property
    def hint_preset(self) -> HintPreset:
        """Which hints it is made for."""
        return "discs" if self.is_network and not self.on_flat else "fills"

    @property
    def on_flat(self) -> bool:
        """Whether it is a network that is given the drawing filled with flat colour."""
        return self.model in ON_FLAT

    @property
    def can_vary(self) -> bool:
        """Whether it can colour a drawing in several ways."""
        return self.on_flat or not self.is_network

    @property
    def steps(self) -> tuple[str, ...]:
        """The names under which it shows its intermediate pictures."""
        return (f"{self.label}-input", f"{self.label}-raw") if self.is_network else ()


def find_models(
    models: Sequence[str],
    *,
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    engine: "EngineName" = "torch",
) -> tuple[ModelSource, ...]:
    """Find the painters that texts name: MODEL, CHECKPOINT, FILE.onnx, or LABEL= and one of these.

    `preset` and `values` are for models without weights, `engine` runs networks; ONNX files are always run by onnx.
    Raises UsageError for what does not exist, labels that are no names or alike, and SettingsError for settings that no
    model takes.
    """
    painters = tuple(_find(text, preset, values or {}, engine) for text in models)
    if (preset is not None or values) and all(painter.is_network for painter in painters):
        raise SettingsError(
            "a trained network has no settings to choose", hint="Leave out --preset and --set, or add --model flat"
        )
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


def device_for(painters: Sequence[ModelSource], wanted: str) -> str:
    """The device meant by one of `DEVICES` for the networks among painters; those that onnxruntime runs take the CPU.

    Raises UsageError for a device that is not here.
    """
    engines = {painter.engine for painter in painters if painter.is_network}
    if "torch" in engines:
        return device_of(wanted)
    if engines and wanted not in ("auto", "cpu"):
        raise UsageError("onnxruntime runs networks on the CPU", hint="Leave out --device, or use --engine torch")
    return "cpu"


def load(painter: ModelSource, device: str) -> "Network":
    """Load a network, once in a process; raises UsageError for damaged weights."""
    from pipelines.inference.network import load_network

    return load_network(painter.checkpoint, painter.weights, device, painter.engine)


def predict(painter: ModelSource, canvases: Sequence[Drawing], device: str) -> list[ColorResult]:
    """Paint drawings, a network all of them together."""
    if not painter.is_network:
        return [_filled(painter, canvas) for canvas in canvases]
    network = load(painter, device)
    if painter.on_flat:
        return _refined(painter, network, canvases)
    sheets = [network.lay_in(canvas.lines, canvas.guides["discs"].hints) for canvas in canvases]
    made = network.paint(sheets)
    return [
        _brought_up(painter, canvas, sheet, small) for canvas, sheet, small in zip(canvases, sheets, made, strict=True)
    ]


def _refined(painter: ModelSource, network: "Network", canvases: Sequence[Drawing]) -> list[ColorResult]:
    """Paint with a network that works on flat colour; for variants it is asked once more, given colours by chance."""
    guides = [canvas.guides["fills"] for canvas in canvases]
    palettes = [None if guide.hints[..., 3].any() else guide.palette for guide in guides]  # hints decide, as in `flat`
    grounds = [fill(canvas.lines, guide.hints) for canvas, guide in zip(canvases, guides, strict=True)]
    found = _found(network, canvases, grounds)
    varied = [number for number, canvas in enumerate(canvases) if canvas.varied]
    for number in varied:
        hints = sample_hints(found[number], grounds[number], canvases[number].rng, palettes[number])
        grounds[number] = fill(canvases[number].lines, hints)
    again = _found(network, [canvases[number] for number in varied], [grounds[number] for number in varied])
    for number, one in zip(varied, again, strict=True):
        found[number] = one
    parts = zip(canvases, grounds, found, palettes, strict=True)
    return [_refined_one(painter, canvas, ground, one, palette=palette) for canvas, ground, one, palette in parts]


def _refined_one(
    painter: ModelSource, canvas: Drawing, ground: FlatFill, found: FillNetOutput, *, palette: U8 | None
) -> ColorResult:
    chance = canvas.rng if canvas.lively else None
    whole = refine(found, canvas.lines, ground, palette, snap=canvas.snap, chance=chance)
    given = composite(ground.hints, ground.made.colour)
    steps = dict(zip(painter.steps, (given, np.rint(found.fill).astype(np.uint8)), strict=True))
    return ColorResult(whole.colour, whole.flat, whole.background, steps, whole.ink)


def _found(network: "Network", canvases: Sequence[Drawing], grounds: Sequence[FlatFill]) -> list[FillNetOutput]:
    if not canvases:
        return []
    sheets = [network.lay_in(canvas.lines, ground.hints) for canvas, ground in zip(canvases, grounds, strict=True)]
    filled = [place_in_square(ground, sheet) for ground, sheet in zip(grounds, sheets, strict=True)]
    found = network.find(filled)
    return [
        one._replace(fill=np.ascontiguousarray(one.fill[sheet.place])) for one, sheet in zip(found, sheets, strict=True)
    ]


def _filled(painter: ModelSource, canvas: Drawing) -> ColorResult:
    module = registry.load("models", painter.model)
    made = module.fill(canvas.lines, *canvas.guides["fills"], painter.params, canvas.rng)
    return ColorResult(made.colour, made.colour, made.background)


def _brought_up(painter: ModelSource, canvas: Drawing, sheet: "Letterboxed", small: NDArray[np.float32]) -> ColorResult:
    hints, palette = canvas.guides["discs"]
    if hints[..., 3].any():  # as in `flat`: where there are hints, they decide
        palette = None
    made = upsample(small, canvas.lines, canvas.areas, hints=hints, palette=palette)
    given = composite(sheet.hints, np.dstack([sheet.lines] * 3))
    pictures = dict(zip(painter.steps, (given, np.rint(small).astype(np.uint8)), strict=True))
    return ColorResult(made.colour, made.flat, made.background, pictures)


def _find(text: str, preset: str | None, values: Mapping[str, object], engine: "EngineName") -> ModelSource:
    label, target = _split(text)
    if target in registry.names("models") and target not in ON_FLAT:
        module = registry.load("models", target)
        if hasattr(module, "fill"):
            return ModelSource(label or target, target, resolve(module, values, preset=preset))
    return _find_file(label, target) if is_onnx(target) else _find_network(label, target, engine)


def _find_file(label: str, path: str) -> ModelSource:
    file = open_file(path)
    return ModelSource(label or file.model, file.model, dict(file.params), path, file.digest, "onnx")


def _find_network(label: str, target: str, engine: "EngineName") -> ModelSource:
    from pipelines.inference.checkpoint_info import check_weights, find_checkpoint, read_info

    try:
        folder = find_checkpoint(target)
    except UsageError as error:
        if target not in registry.names("models"):
            raise UsageError(
                error.message, hint=f"{error.hint}. Models that need no training: {', '.join(_ready())}"
            ) from error
        raise UsageError(
            f"'{target}' has to be trained first", hint=f"Give a run of colorize-cli train: --model {target}=RUN"
        ) from error
    card = read_info(folder)
    check_weights(folder)
    return ModelSource(label or card.model, card.model, dict(card.params), str(folder), card.weights_sha256, engine)


def _ready() -> list[str]:
    return [name for name in registry.names("models") if name in ON_FLAT or not _learns(name)]


def _learns(name: str) -> bool:
    return hasattr(registry.load("models", name), "build_task")


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
