"""The image resources of a PSD: its resolution, who made it, what its colours are, that it has a merged picture.

Sources: Adobe Systems, "Adobe Photoshop File Formats Specification" (2019), "Image Resources"; IPTC-IIM 4.2.
"""

import struct

from pipelines.core.imaging.metadata.picture_metadata import (
    AUTHOR,
    COMMENT,
    COPYRIGHT,
    DESCRIPTION,
    TITLE,
    PictureMetadata,
)
from pipelines.core.imaging.metadata.srgb_profile import srgb_profile

_RESOLUTION, _IPTC, _IS_COPYRIGHTED, _PROFILE, _VERSION = 1005, 1028, 1034, 1039, 1057
_USUAL_RESOLUTION = (72, 72)  # dots per inch, what programs take where nothing is said
_DATASETS = (  # of record 2, and the keywords whose text it has
    (5, (TITLE,)),
    (80, (AUTHOR, "Artist", "Creator")),
    (116, (COPYRIGHT,)),
    (120, (DESCRIPTION, COMMENT)),
)
_LONGEST = 2000  # bytes of a text; the longest that IPTC has, a caption


def resources(metadata: PictureMetadata | None) -> bytes:
    """Return the resources, by their numbers; a drawing that says nothing has 72 dots per inch and no profile."""
    across, down = (metadata and metadata.dots_per_inch) or _USUAL_RESOLUTION
    resolution = struct.pack(">IHHIHH", _fixed(across), 1, 1, _fixed(down), 1, 1)
    version = struct.pack(">IB", 1, 1) + 2 * struct.pack(">I", 0) + struct.pack(">I", 1)
    described = b"" if metadata is None else _description(metadata)
    return _resource(_RESOLUTION, resolution) + described + _resource(_VERSION, version)


def _description(metadata: PictureMetadata) -> bytes:
    fields = _iptc(metadata)
    parts = [_resource(_IPTC, fields)] if fields else []
    if metadata.text(COPYRIGHT):
        parts.append(_resource(_IS_COPYRIGHTED, b"\1"))
    return b"".join([*parts, _resource(_PROFILE, srgb_profile())])


def _iptc(metadata: PictureMetadata) -> bytes:
    """The texts in UTF-8 (which the first dataset says), in records of IPTC."""
    texts = [(number, metadata.text(*keywords)) for number, keywords in _DATASETS]
    fields = [_dataset(2, number, _cut(text)) for number, text in texts if text]
    return b"".join([_dataset(1, 90, b"\x1b%G"), _dataset(2, 0, b"\0\4"), *fields]) if fields else b""


def _cut(text: str) -> bytes:
    return text.encode()[:_LONGEST].decode(errors="ignore").encode()


def _dataset(record: int, number: int, data: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(data)) + data


def _fixed(number: float) -> int:
    """16.16 bits."""
    return round(number * 65536)


def _resource(number: int, data: bytes) -> bytes:
    return struct.pack(">4sHHI", b"8BIM", number, 0, len(data)) + data + bytes(len(data) % 2)
