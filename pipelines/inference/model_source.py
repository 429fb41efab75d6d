"""Finds what a user means by `--model`, and colours with it: a model without weights, or a trained network.

Which model it is nobody here asks: what it needs, it says (`NetworkSpec`, `ModelTraits`). torch is loaded for networks
only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pipelines.core import registry
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.settings import resolve
from pipelines.inference import image_predictor
from pipelines.inference.checkpoint_info import (
    SHIPPED,
    CheckpointInfo,
    check_weights,
    find_checkpoint,
    read_info,
    spec_of,
)
from pipelines.inference.network import load_network
from pipelines.inference.onnx_engine import is_onnx, open_file
from pipelines.inference.types import ColorResult, Drawing, ModelTraits, NetworkSpec

if TYPE_CHECKING:
    from pipelines.inference.network import EngineName, Network

AskedPrecision = Literal["auto", "fp32", "bf16", "fp16"]
"""In which precision a network multiplies; auto: bf16 where that is faster and it chooses between no colours."""


@dataclass(frozen=True)
class ModelSource:
    """One `--model`."""

    label: str  # what its results are called
    model: str  # its file or package in pipelines/models
    params: Any  # its Params; of a network as plain values
    checkpoint: str = ""  # folder or ONNX file of a trained network
    weights: str = ""  # digest of its weights, or of the whole file
    engine: "EngineName" = "torch"
    precision: AskedPrecision = "fp32"  # in which it multiplies; auto: until the device is known
    domain: str = ""  # in which a network paints that learned several; in `params` too

    @property
    def is_network(self) -> bool:
        """Whether it is a trained network."""
        return bool(self.checkpoint)

    @property
    def traits(self) -> ModelTraits:
        """What it can do."""
        if self.is_network:
            return self._spec
        traits: ModelTraits = registry.load("models", self.model).TRAITS
        return traits

    @property
    def reads_pictures(self) -> bool:
        """Whether it turns pictures into others, instead of colouring line art."""
        return self.is_network and self._spec.encoding.reads_picture

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains between which `--domain` chooses; none: it paints all alike."""
        return self._spec.domains if self.is_network and self._spec.paints_by_domain else ()

    @property
    def _spec(self) -> NetworkSpec:
        return spec_of(CheckpointInfo(self.model, self.params))

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of its intermediate pictures, with its label."""
        return tuple(f"{self.label}-{step}" for step in self.traits.steps)

    def load(self, device: str) -> "Network":
        """Load its network, once in a process; UsageError for damaged weights, SettingsError for fp16 on a CPU."""
        precision = self.on(device).precision
        assert precision != "auto"
        return load_network(self.checkpoint, self.weights, device, self.engine, precision=precision, domain=self.domain)

    def on(self, device: str) -> "ModelSource":
        """The same with its precision settled for a device; raises SettingsError for fp16 on a CPU."""
        if not self.is_network or self.precision == "fp32":
            return self
        import torch

        from pipelines.nn.devices import choose_precision

        return replace(self, precision=choose_precision(self.precision, torch.device(device)))

    def predict(self, drawings: Sequence[Drawing], device: str) -> list[ColorResult]:
        """Colour drawings, a network all of them together; MethodError where it gives values that are no numbers."""
        module = registry.load("models", self.model)
        results: list[ColorResult]
        if self.is_network:
            predict = getattr(module, "predict", image_predictor.predict)
            results = predict(self.load(device), drawings)
        else:
            results = module.predict(self.params, drawings)
        return results


def find_models(
    texts: Sequence[str],
    *,
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    engine: "EngineName" = "torch",
    precision: AskedPrecision = "fp32",
    domain: str | None = None,
) -> tuple[ModelSource, ...]:
    """Find the models that texts name: MODEL, CHECKPOINT, FILE.onnx, or LABEL= and one of these.

    `preset` and `values` are for models without weights, `engine` runs networks in a `precision`; ONNX files are always
    run by onnx, in float32. `domain` is painted by networks that learned several; None: each paints in its own. Raises
    UsageError for what does not exist, labels that are no names or alike, and domains that nothing has learned;
    SettingsError for settings that no model takes.
    """
    sources = tuple(_in_precision(_find(text, preset, values or {}, engine), precision) for text in texts)
    if (preset is not None or values) and all(source.is_network for source in sources):
        raise SettingsError(
            "a trained network has no settings to choose", hint="Leave out --preset and --set, or add --model flat"
        )
    labels = [source.label for source in sources]
    for label in labels:
        if labels.count(label) > 1:
            raise UsageError(f"two models are called '{label}'", hint="Give them names: --model first=RUN1 ...")
    return sources if domain is None else _in_domain(sources, domain)


def check_reads(sources: Sequence[ModelSource], kind: Literal["line art", "pictures"]) -> None:
    """Refuse models that read something else; raises UsageError that names the command for them."""
    for source in sources:
        reads = "pictures" if source.reads_pictures else "line art"
        if reads != kind:
            command = "translate" if reads == "pictures" else "colorize"
            raise UsageError(
                f"{source.label} reads {reads}, no {kind}",
                hint=f"Use: colorize-cli {command} IN -o OUT --model {source.checkpoint or source.model}",
            )


def _in_domain(sources: Sequence[ModelSource], domain: str) -> tuple[ModelSource, ...]:
    """The same painting in a domain, those that have domains; raises UsageError where that is none, or of none."""
    domains = {source.label: source.domains for source in sources}
    if not any(domains.values()):
        raise UsageError("the model paints in no domains", hint="Leave out --domain")
    for source in sources:
        if domains[source.label] and domain not in domains[source.label]:
            hint = registry.suggestion(domain, domains[source.label])
            raise UsageError(f"{source.label} has no domain '{domain}'", hint=hint)
        if domains[source.label] and is_onnx(source.checkpoint):
            raise UsageError("an ONNX file paints in one domain", hint="Give the run, or leave out --domain")
    return tuple(
        replace(source, domain=domain, params={**source.params, "domain": domain}) if domains[source.label] else source
        for source in sources
    )


def _in_precision(source: ModelSource, asked: AskedPrecision) -> ModelSource:
    if not source.is_network or asked == "fp32":
        return source
    if source.engine == "torch":
        return source if asked == "auto" and source.traits.is_exact else replace(source, precision=asked)
    if asked == "auto":
        return source
    raise UsageError(f"onnxruntime runs {source.label} in fp32", hint=f"Leave out --precision {asked}")


def pictures_at_once(device: str) -> int:
    """How many pictures a network that paints takes together on a device, where nobody says otherwise."""
    return {"cpu": 8, "cuda": 32, "mps": 16}.get(device.partition(":")[0], 1)


def device_for(sources: Sequence[ModelSource], wanted: str) -> str:
    """The device that a name means for the networks among models; those that onnxruntime runs take the CPU.

    Raises UsageError for a device that is not here.
    """
    engines = {source.engine for source in sources if source.is_network}
    if "torch" in engines:
        from pipelines.nn.devices import choose_device

        return str(choose_device(wanted))
    if engines and wanted not in ("auto", "cpu"):
        raise UsageError("onnxruntime runs networks on the CPU", hint="Leave out --device, or use --engine torch")
    return "cpu"


def _find(text: str, preset: str | None, values: Mapping[str, object], engine: "EngineName") -> ModelSource:
    label, target = _split(text)
    if target in registry.names("models") and target not in registry.names_with("models", "build_task"):
        module = registry.load("models", target)
        if not hasattr(module, "build_task"):  # which another file of an installed package may bring
            return ModelSource(label or target, target, resolve(module, values, preset=preset))
    return _find_file(label, target) if is_onnx(target) else _find_network(label, target, engine)


def _find_file(label: str, path: str) -> ModelSource:
    file = open_file(path)
    return ModelSource(label or file.info.model, file.info.model, dict(file.info.params), path, file.digest, "onnx")


def _find_network(label: str, target: str, engine: "EngineName") -> ModelSource:
    try:
        folder = find_checkpoint(target)
    except UsageError as error:
        if target.endswith(".py"):
            registry.load("models", target)
        if target not in registry.names("models"):
            raise UsageError(
                error.message, hint=f"{error.hint}. Models that need no training: {', '.join(_ready())}"
            ) from error
        raise UsageError(
            f"'{target}' has to be trained first", hint=f"Give a run of colorize-cli train: --model {target}=RUN"
        ) from error
    info = read_info(folder)
    check_weights(folder)
    return ModelSource(label or info.model, info.model, dict(info.params), str(folder), info.weights_sha256, engine)


def _ready() -> list[str]:
    """The models that colour as they come: those without weights, and those whose weights are shipped."""
    learning = registry.names_with("models", "build_task")
    return [name for name in registry.names("models") if name not in learning or (SHIPPED / name).is_dir()]


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
