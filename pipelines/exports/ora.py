"""OpenRaster (ORA), which Krita, GIMP and MyPaint open: a zip file of a PNG for each layer and a list of them in XML.

Source: freedesktop.org, "OpenRaster 0.0.6 file layout specification" and "Layers stack specification". The same
document always gives the same bytes: nothing in it says when or where it was made.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from pipelines.core.errors import MethodError
from pipelines.core.imaging.compositing import fit
from pipelines.core.imaging.layers import Document, Layer
from pipelines.core.imaging.picture import encode_png

_OPERATORS = {
    "normal": "svg:src-over",
    "multiply": "svg:multiply",
    "screen": "svg:screen",
    "overlay": "svg:overlay",
    "darken-only": "svg:darken",
    "lighten-only": "svg:lighten",
    "difference": "svg:difference",
}
_USUAL_RESOLUTION = (72, 72)  # dots per inch, what the specification takes where nothing is said
_THUMBNAIL = 256  # px of the longer side, at most
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can say
_ONE_PIXEL = np.zeros((1, 1, 4), np.uint8)  # a PNG cannot be empty


def files(names: Sequence[str]) -> tuple[str, ...]:
    """What is appended to a picture's name for the one file, whatever layers there are."""
    return (".ora",)


def write(document: Document) -> dict[str, bytes]:
    """Return the file by its ending; MethodError for a blend mode that the format lacks."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, data in _entries(document):
            entry = ZipInfo(name, _NO_DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on every system
            archive.writestr(entry, data)
    return {".ora": file.getvalue()}


def _entries(document: Document) -> Iterable[tuple[str, bytes]]:
    yield "mimetype", b"image/openraster"
    yield "stack.xml", _stack(document)
    for number, layer in enumerate(document.layers):
        yield _source(number), encode_png(_ONE_PIXEL if layer.is_empty else layer.picture)
    yield "mergedimage.png", encode_png(document.flattened, metadata=document.metadata)
    yield "Thumbnails/thumbnail.png", encode_png(fit(document.flattened, _THUMBNAIL))


def _source(number: int) -> str:
    return f"data/layer{number:03}.png"


def _stack(document: Document) -> bytes:
    """The list of the layers, from top to bottom."""
    size = {"w": str(document.width), "h": str(document.height)}
    across, down = (document.metadata and document.metadata.dots_per_inch) or _USUAL_RESOLUTION
    resolution = {"xres": f"{max(round(across), 1)}", "yres": f"{max(round(down), 1)}"}
    image = ElementTree.Element("image", {"version": "0.0.6", **size, **resolution})
    root = ElementTree.SubElement(image, "stack")
    number = len(document.layers)
    for group, layers in reversed(document.groups):
        above = root if group is None else ElementTree.SubElement(root, "stack", {"name": group})
        for layer in reversed(layers):
            number -= 1
            ElementTree.SubElement(above, "layer", _attributes(layer, number))
    return bytes(ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True))


def _attributes(layer: Layer, number: int) -> dict[str, str]:
    if layer.mode not in _OPERATORS:
        raise MethodError(f"ORA has no blend mode '{layer.mode}'", hint=f"Use one of {', '.join(_OPERATORS)}")
    return {
        "name": layer.name,
        "src": _source(number),
        "x": str(layer.left),
        "y": str(layer.top),
        "opacity": f"{layer.opacity:g}",
        "visibility": "visible" if layer.visible else "hidden",
        "composite-op": _OPERATORS[layer.mode],
    }
