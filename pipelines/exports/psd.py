"""Adobe Photoshop document (PSD), 8 bits RGB: layers, groups, Unicode names and the flattened picture.

Source: Adobe Systems, "Adobe Photoshop File Formats Specification" (2019). All numbers are big-endian. Channels are
packed with PackBits. Where the document has transparency, the flattened picture lies over white and its alpha is the
first extra channel, which a negative count of layers says.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from pipelines.core.errors import MethodError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.layers import Document, Layer
from pipelines.core.imaging.picture import Picture
from pipelines.exports._packbits import pack_rows
from pipelines.exports._psd_resources import resources

MOST_PIXELS = 30_000
"""The longest side, px, that the format has."""

_MOST_BYTES = 2**31 - 1
_MOST_LAYERS = 8_000  # that Photoshop opens
_KEYS = {
    "normal": b"norm",
    "multiply": b"mul ",
    "screen": b"scrn",
    "overlay": b"over",
    "darken-only": b"dark",
    "lighten-only": b"lite",
    "difference": b"diff",
}
_HIDDEN, _PHOTOSHOP_5, _NO_PIXELS = 0x02, 0x08, 0x10  # flags of a layer record
_OPEN_GROUP, _END_OF_GROUP = 1, 3  # kinds of section divider
_MOST_NUMBERS = 1 << 24  # of layers; far more than layers, so that two names seldom meet
_NO_LAYER = np.zeros((0, 0, 4), np.uint8)


def files(names: Sequence[str]) -> tuple[str, ...]:
    """What is appended to a picture's name for the one file, whatever layers there are."""
    return (".psd",)


def write(document: Document) -> dict[str, bytes]:
    """Return the file by its ending; MethodError where the format cannot hold the document."""
    if max(document.width, document.height) > MOST_PIXELS:
        raise _too_large(f"{document.width} x {document.height} px, and a PSD holds {MOST_PIXELS} px a side")
    has_alpha = document.flattened.shape[2] == 4
    parts = [
        _header(document, 3 + has_alpha),
        struct.pack(">I", 0),  # no colour table
        _block(resources(document.metadata)),
        _block(_block(_layer_info(document, has_alpha=has_alpha)) + struct.pack(">I", 0)),  # and no global mask
        _merged(document.flattened),
    ]
    size = sum(map(len, parts))
    if size > _MOST_BYTES:
        raise _too_large(f"{size / 2**30:.1f} GiB, and a PSD holds 2 GiB")
    return {".psd": b"".join(parts)}


def _too_large(what: str) -> MethodError:
    return MethodError(f"it is too large for a PSD: {what}", hint="Use --layers ora")


def _header(document: Document, channels: int) -> bytes:
    return struct.pack(">4sH6xHIIHH", b"8BPS", 1, channels, document.height, document.width, 8, 3)


def _block(data: bytes, to: int = 1) -> bytes:
    """Its length, then the data, filled up with zeros to a multiple of `to` bytes that the length leaves out."""
    if len(data) > _MOST_BYTES:
        raise _too_large(f"its layers have {len(data) / 2**30:.1f} GiB, and a PSD holds 2 GiB")
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % to)


# layers


def _layer_info(document: Document, *, has_alpha: bool) -> bytes:
    """The records of all layers, then the channels of all, from bottom to top."""
    records, channels = [], []
    for record, data in _layers(document):
        records.append(record)
        channels.append(data)
    if len(records) > _MOST_LAYERS:
        raise MethodError(
            f"it has {len(records)} layers, and a PSD holds {_MOST_LAYERS}", hint="Use --layers ora or --flats colour"
        )
    info = struct.pack(">h", -len(records) if has_alpha else len(records)) + b"".join(records) + b"".join(channels)
    return info + bytes(-len(info) % 4)


def _layers(document: Document) -> Iterator[tuple[bytes, bytes]]:
    """Record and channels of each layer; a group has a record above its layers, and one below that ends it."""
    numbers = LayerNumbers()
    for group, layers in document.groups:
        if group is not None:
            yield _divider("</Layer group>", _END_OF_GROUP, b"norm", numbers.next(group, "end"))
        for layer in layers:
            yield _layer(layer, numbers.next(group or "", "layer", layer.name))
        if group is not None:
            yield _divider(group, _OPEN_GROUP, b"pass", numbers.next(group, "group"))


class LayerNumbers:
    """Hands out the numbers by which programs know layers again: positive, each once, the same for the same name."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def next(self, *names: str) -> int:
        """Return the number of the layer of these names, or the next free one where it is taken."""
        number = zlib.crc32("\0".join(names).encode()) % _MOST_NUMBERS + 1
        while number in self._taken:
            number = number % _MOST_NUMBERS + 1
        self._taken.add(number)
        return number


def _layer(layer: Layer, number: int) -> tuple[bytes, bytes]:
    if layer.mode not in _KEYS:
        raise MethodError(f"a PSD has no blend mode '{layer.mode}'", hint=f"Use one of {', '.join(_KEYS)}")
    flags = _PHOTOSHOP_5 | (0 if layer.visible else _HIDDEN)
    return _record(layer, _KEYS[layer.mode], flags, _number_block(number))


def _divider(name: str, kind: int, key: bytes, number: int) -> tuple[bytes, bytes]:
    section = b"8BIMlsct" + _block(struct.pack(">I4s4s", kind, b"8BIM", key))
    flags = _PHOTOSHOP_5 | _NO_PIXELS | (_HIDDEN if kind == _END_OF_GROUP else 0)
    return _record(Layer(name, _NO_LAYER), key, flags, _number_block(number) + section)


def _number_block(number: int) -> bytes:
    return b"8BIMlyid" + _block(struct.pack(">I", number))


def _record(layer: Layer, key: bytes, flags: int, more: bytes) -> tuple[bytes, bytes]:
    """A layer's record and its channels: alpha, red, green, blue."""
    channels = [_channel(layer.picture[..., number]) for number in (3, 0, 1, 2)]
    box = (layer.top, layer.left, layer.top + layer.height, layer.left + layer.width)
    lengths = b"".join(
        struct.pack(">hI", number, len(data)) for number, data in zip((-1, 0, 1, 2), channels, strict=True)
    )
    look = struct.pack(">4s4sBBBx", b"8BIM", key, round(layer.opacity * 255), 0, flags)
    extra = struct.pack(">II", 0, 0) + _names(layer.name) + more  # neither mask nor blending ranges
    return struct.pack(">4iH", *box, 4) + lengths + look + _block(extra), b"".join(channels)


def _names(name: str) -> bytes:
    """The name in one byte a letter, for old programs, and in UTF-16."""
    short = name.encode("ascii", "replace")[:255]
    pascal = bytes([len(short)]) + short
    wide = name.encode("utf-16-be")
    units = struct.pack(">I", len(wide) // 2) + wide
    return pascal + bytes(-len(pascal) % 4) + b"8BIMluni" + _block(units + bytes(-len(units) % 4))


def _channel(plane: U8) -> bytes:
    """One channel: 1 for PackBits, the length of each row, the rows; 0 for no packing where it is empty."""
    if not plane.size:
        return struct.pack(">H", 0)
    sizes, data = pack_rows(plane)
    return struct.pack(">H", 1) + sizes.astype(">u2").tobytes() + data


def _merged(flattened: U8) -> bytes:
    """The flattened picture: the lengths of the rows of all channels stand before all of them."""
    planes = [flattened[..., number] for number in range(3)]
    if flattened.shape[2] == 4:
        over_white = Picture(flattened[..., :3].copy(), flattened[..., 3].copy()).over_white()
        planes = [*(over_white[..., number] for number in range(3)), flattened[..., 3]]
    packed = [pack_rows(plane) for plane in planes]
    lengths = b"".join(sizes.astype(">u2").tobytes() for sizes, _ in packed)
    return struct.pack(">H", 1) + lengths + b"".join(data for _, data in packed)
