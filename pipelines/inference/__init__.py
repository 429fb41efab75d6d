"""Any model applied to drawings: sources, checkpoints, engines, encodings, full size; from Python by `Predictor`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.inference.predictor import Predictor
    from pipelines.inference.types import ColorResult

__all__ = ["ColorResult", "Predictor"]

_HOMES = {"ColorResult": "pipelines.inference.types", "Predictor": "pipelines.inference.predictor"}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for: modules of this folder import one another."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
