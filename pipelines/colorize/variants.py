"""Colours drawings in several plausible ways: `--variants N` writes the likeliest, and the others beside it."""

from collections.abc import Iterator, Sequence

from pipelines.colorize.ensemble import Ensemble, Results
from pipelines.core.errors import UsageError
from pipelines.inference.types import Drawing

_FOLDER = "variants"


def check_variants(ensemble: Ensemble, count: int, *, has_folder: bool, lock: bool) -> None:
    """Refuse several colourings of a drawing where they cannot be; raises UsageError."""
    if count == 1:
        return
    if not has_folder:
        raise UsageError("variants need a folder to lie in", hint="Give a folder after -o")
    if lock:
        raise UsageError("a lock keeps one colouring", hint="Leave out --variants; another --seed gives another one")
    if not any(model.traits.can_vary for model in ensemble.models):
        label = ensemble.models[0].label
        raise UsageError(f"{label} colours one way only", hint="Leave out --variants, or use --model fillnet")


def variant_folders(count: int) -> Iterator[str]:
    """The folders below the output for the colourings after the first."""
    return (f"{_FOLDER}/{number}" for number in range(2, count + 1))


def predict_variants(ensemble: Ensemble, drawings: Sequence[Drawing], count: int) -> list[tuple[Results, ...]]:
    """For each drawing what the models make of it, by chance, in the `count` - 1 colourings after the first."""
    variants = [ensemble.predict([drawing.variant() for drawing in drawings]) for _ in range(1, count)]
    return list(zip(*variants, strict=True)) if variants else [()] * len(drawings)
