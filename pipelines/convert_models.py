"""Stage: model files of the public reference implementation -> model folders, and back."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.core import registry
from pipelines.core.errors import OutputExistsError, UsageError
from pipelines.core.inputs import show_path
from pipelines.core.settings import resolve
from pipelines.models._checkpoint import (
    CARD,
    Card,
    find_checkpoint,
    load_painter,
    load_weights,
    write_checkpoint,
)
from pipelines.models._reference_files import (
    ARCHITECTURES,
    describe_params,
    mend_weights,
    read_layout,
    read_weights,
    write_weights,
)


@dataclass(frozen=True)
class Description:
    """A model as it is shown to people."""

    folder: Path
    card: Card
    parameters: int  # numbers that are learnt, of the network that colours


def import_model(
    file: str,
    output: str,
    *,
    architecture: str | None = None,
    dropout: bool = True,
    size: int | None = None,
    overwrite: bool = False,
) -> Description:
    """Turn a `*_net_G.pth` of the reference implementation into the model folder `output`.

    architecture: what the file should hold, one of ARCHITECTURES; None: whatever it holds. dropout: whether a U-Net is
    to have dropout when it is trained on (its file does not tell). size: px at which a ResNet is to work (None: 256).
    Raises UsageError for a file that is damaged, foreign, of another architecture or holds code, and OutputExistsError
    where something is in the way.
    """
    if architecture is not None and architecture not in ARCHITECTURES:
        hint = registry.suggestion(architecture, tuple(ARCHITECTURES))
        raise UsageError(f"there is no architecture '{architecture}'", hint=hint)
    folder, source = Path(output), show_path(Path(file))
    _check_folder(folder, overwrite=overwrite)
    weights = read_weights(Path(file))
    layout = read_layout(weights, source=source)
    model, params = describe_params(layout, architecture, source=source, dropout=dropout, size=size)
    card = Card(model, params, note=f"from {Path(file).name}")
    method = registry.load("models", model)
    painter = method.build_painter(resolve(method, params))
    load_weights(painter, mend_weights(weights, layout.norm), source=source)
    write_checkpoint(folder, card, painter.state_dict())
    return Description(folder, card, sum(weight.numel() for weight in painter.parameters()))


def export_model(model: str, output: str, *, overwrite: bool = False) -> Description:
    """Write the generator of a run or checkpoint to the file `output`, as the reference implementation reads it.

    Raises UsageError for what is no checkpoint or a model that the reference does not know, OutputExistsError where a
    file is in the way.
    """
    path = Path(output)
    if path.is_dir():
        raise UsageError(f"{show_path(path)} is a folder", hint="Give a file after -o, such as latest_net_G.pth")
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{show_path(path)} exists", hint="Use --overwrite or another name after -o")
    folder = find_checkpoint(model)
    painter, card = load_painter(folder)
    if card.params.get("generator") not in ARCHITECTURES:
        raise UsageError(
            f"the reference implementation has no model '{card.model}'",
            hint="It has " + " and ".join(sorted(set(ARCHITECTURES.values()))),
        )
    write_weights(path, painter)
    return Description(folder, card, sum(weight.numel() for weight in painter.parameters()))


def describe_model(model: str) -> Description:
    """What is known of a run's best model or of a checkpoint, whose weights are checked; raises UsageError."""
    folder = find_checkpoint(model)
    painter, card = load_painter(folder)
    return Description(folder, card, sum(weight.numel() for weight in painter.parameters()))


def _check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a place where something else would be lost: only a model may be replaced, and only on request."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / CARD).is_file():
        raise OutputExistsError(f"{show_path(folder)} is in the way", hint="Give another folder after -o")
    if not overwrite:
        raise OutputExistsError(f"{show_path(folder)} holds a model", hint="Use --overwrite or another folder")
