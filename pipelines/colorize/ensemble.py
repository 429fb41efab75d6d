"""The models of a run: how they are made ready, how many drawings they take together, how their results become one."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from pipelines.colorize.options import RunOptions
from pipelines.colorize.reader import DrawingReader
from pipelines.inference.merging import ResolvedMerge
from pipelines.inference.model_source import ModelSource, device_for, pictures_at_once
from pipelines.inference.snapping.exact_hints import snapped
from pipelines.inference.types import ColorResult, Drawing, HintPreset

T = TypeVar("T")
R = TypeVar("R")

_LEVELS_AT_ONCE = 3 << 22  # numbers in pictures that a CPU holds at full size at once: four megapixels

Results = dict[str, ColorResult]
"""What each model made of one drawing, by its label."""


@dataclass(frozen=True)
class Ensemble:
    """Models whose results are merged; mostly there is one."""

    models: tuple[ModelSource, ...]
    merge: ResolvedMerge | None = None
    run: RunOptions = field(default_factory=RunOptions)

    @property
    def identity(self) -> dict[str, Any]:
        """What results depend on: not where a checkpoint lies, nor where networks run, but in which precision."""
        models = [
            {"label": model.label, "model": model.model, "params": model.params, "weights": model.weights}
            | ({} if model.precision == "fp32" else {"precision": model.precision})
            for model in self.models
        ]
        return {"models": models, "merge": self.merge}

    @property
    def hint_presets(self) -> tuple[HintPreset, ...]:
        """The hints that the models are made for, each kind once."""
        return tuple(sorted({model.traits.hint_preset for model in self.models}))

    @property
    def computed_in(self) -> dict[str, str]:
        """In which precision each network multiplies, by its label."""
        return {model.label: model.precision for model in self.models if model.is_network}

    @property
    def has_networks(self) -> bool:
        """Whether any of the models is a network."""
        return any(model.is_network for model in self.models)

    @property
    def batch_size(self) -> int:
        """How many drawings are coloured together."""
        if not self.has_networks:
            return 1
        is_light = self.run.device == "cpu" and all(model.traits.is_light for model in self.models)
        return self.run.batch_size or (1 if is_light else pictures_at_once(self.run.device))

    def prepared(self, workers: int | None) -> tuple["Ensemble", int | None]:
        """The same with its device settled and its networks found sound, and how many workers may use it."""
        networks = [model for model in self.models if model.is_network]
        device = device_for(networks, self.run.device)
        for model in networks:
            model.load(device)
        models = tuple(model.on(device) for model in self.models)
        run = replace(self.run, device=device)
        return replace(self, models=models, run=run), workers if device == "cpu" else 1

    def predict(self, drawings: Sequence[Drawing]) -> list[Results]:
        """What each model makes of each drawing."""
        by_model = [model.predict(drawings, self.run.device) for model in self.models]
        labels = [model.label for model in self.models]
        return [dict(zip(labels, results, strict=True)) for results in zip(*by_model, strict=True)]

    def merged(self, results: Results, drawing: Drawing) -> ColorResult:
        """One result of all of them, in which hints of the drawing keep their colours as in each."""
        if self.merge is None:
            return next(iter(results.values()))
        merged = self.merge.merge(results)
        read = [model.traits for model in self.models if model.traits.reads_hints]
        return snapped(merged, drawing, read[0].hint_preset) if read else merged

    def each(self, step: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """A step for each item: on threads where a fast device waits for it, else one after the other."""
        if self.run.device == "cpu":
            return [step(item) for item in items]
        with ThreadPoolExecutor() as pool:
            return list(pool.map(step, items))

    def in_batches(
        self, read: Callable[[T], R], size_of: Callable[[R], int], items: Sequence[T]
    ) -> Iterable[Sequence[R]]:
        """Read items, as many together as are coloured together: on a CPU up to four megapixels, else all."""
        if self.run.device != "cpu":
            yield self.each(read, items)
            return
        batch: list[R] = []
        for item in items:
            batch.append(read(item))
            if sum(map(size_of, batch)) >= _LEVELS_AT_ONCE:
                yield batch
                batch = []
        if batch:
            yield batch


@dataclass(frozen=True)
class EnsembleTask:
    """What any work has that reads drawings and colours them by an ensemble: how it is batched and shared."""

    ensemble: Ensemble
    reader: DrawingReader

    @property
    def runs_in_threads(self) -> bool:
        """Networks are large, slow to load and let go of Python's lock: threads share them."""
        return self.ensemble.has_networks

    @property
    def batch_size(self) -> int:
        """How many drawings are coloured together."""
        return self.ensemble.batch_size

    def prepare(self, workers: int | None) -> tuple[Self, int | None]:
        """With the device that is meant; networks are loaded, which raises UsageError for those that are damaged."""
        ensemble, workers = self.ensemble.prepared(workers)
        return replace(self, ensemble=ensemble), workers
