"""A folder of one PNG for each layer, at the document's size, and layers.json, which says how they lie on each other.

layers.json has `width` and `height`, px, and `layers`, from bottom to top, each with its `name`, `file`, `mode` (a
blend mode of `colorize-cli blend`), `opacity` 0..1, `visible`, and `box`, the left, top, width and height in px of what
is not transparent.
"""

import json
from collections.abc import Sequence

from pipelines.core.errors import MethodError
from pipelines.core.imaging.layers import Document, Layer, at_full_size
from pipelines.core.imaging.picture import encode_png

_FOLDER = "-layers"
_LIST = f"{_FOLDER}/layers.json"


def files(names: Sequence[str]) -> tuple[str, ...]:
    """What is appended to a picture's name for each file, of a document whose layers are called so."""
    return (_LIST, *(f"{_FOLDER}/{_file(number, name)}" for number, name in enumerate(names, 1)))


def write(document: Document) -> dict[str, bytes]:
    """Return the files by their endings; MethodError for layers in groups, of which there may be any number."""
    if any(layer.group is not None for layer in document.layers):
        raise MethodError("a folder of PNG files has no groups", hint="Use --layers ora, or --flats one")
    pictures = {
        f"{_FOLDER}/{_file(number, layer.name)}": encode_png(at_full_size(layer, document), metadata=document.metadata)
        for number, layer in enumerate(document.layers, 1)
    }
    return {_LIST: _listed(document), **pictures}


def _file(number: int, name: str) -> str:
    return f"{number:02}-{name}.png"


def _listed(document: Document) -> bytes:
    layers = [_entry(number, layer) for number, layer in enumerate(document.layers, 1)]
    content = {"width": document.width, "height": document.height, "layers": layers}
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


def _entry(number: int, layer: Layer) -> dict[str, object]:
    return {
        "name": layer.name,
        "file": _file(number, layer.name),
        "mode": layer.mode,
        "opacity": layer.opacity,
        "visible": layer.visible,
        "box": [layer.left, layer.top, layer.width, layer.height],
    }
