"""Reads the few fields that are carried out of packets of metadata: EXIF (and the tags of a TIFF), IPTC and XMP.

Sources: CIPA DC-008 (EXIF 2.32), section 4.6.4; TIFF 6.0, section 8; Microsoft, "Windows photo metadata" (the tags
XP...); IPTC-IIM 4.2, record 2; ISO 16684-1 (XMP), 8.3 "Dublin Core".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree

from PIL import Image

from pipelines.core.imaging.metadata.picture_metadata import (
    AUTHOR,
    COMMENT,
    COPYRIGHT,
    DESCRIPTION,
    MOST_BYTES,
    TITLE,
    Text,
    per_metre,
)

_ORIENTATION = 274
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_INCHES = {2: 1.0, 3: 2.54}  # of a resolution unit: inches, centimetres
_EXIF_TEXTS = {270: DESCRIPTION, 269: TITLE, 315: AUTHOR, 33432: COPYRIGHT}
_EXIF_WIDE_TEXTS = {40091: TITLE, 40092: COMMENT, 40093: AUTHOR}  # in UTF-16, little-endian
_IPTC_TEXTS = {(2, 5): TITLE, (2, 80): AUTHOR, (2, 116): COPYRIGHT, (2, 120): DESCRIPTION}
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_XMP_TEXTS = {"title": TITLE, "creator": AUTHOR, "rights": COPYRIGHT, "description": DESCRIPTION}
_XMP_ORIENTATION = re.compile(rb"""tiff:Orientation\s*(?:=\s*["']|>)\s*([1-8])\s*["'<]""")
_LIST_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"


def embedded_density(exif: Mapping[int, Any]) -> tuple[int, int] | None:
    """Return pixels per metre as EXIF says; None where it says none, or nonsense."""
    try:
        scale = _INCHES[int(exif.get(_RESOLUTION_UNIT, 2))]
        across, down = (float(exif[tag]) * scale for tag in (_X_RESOLUTION, _Y_RESOLUTION))
        return per_metre(across, down)
    except Exception:  # broken metadata never makes a picture unreadable
        return None


def exif_orientation(exif: Image.Exif | None) -> int | None:
    """Return how EXIF says that the rows stand, 1..8; None where it says nothing, or nonsense."""
    try:
        orientation = int(exif.get(_ORIENTATION, 0)) if exif else 0
    except Exception:  # broken metadata never makes a picture unreadable
        return None
    return orientation if 1 <= orientation <= 8 else None


def xmp_orientation(packet: str | bytes) -> int:
    """Return how an XMP packet says that the rows stand, 1..8; 1 where it says nothing."""
    match = _XMP_ORIENTATION.search(packet.encode("utf-8", "replace") if isinstance(packet, str) else packet)
    return int(match[1]) if match else 1


def embedded_texts(exif: Image.Exif, known: Iterable[Text] = ()) -> list[Text]:
    """Return the texts of EXIF, but for those whose keyword is `known`."""
    texts = []
    for tag, keyword in (_EXIF_TEXTS | _EXIF_WIDE_TEXTS).items():
        try:
            value = exif.get(tag)
            text = _wide(value) if tag in _EXIF_WIDE_TEXTS else _narrow(value)
        except Exception:  # broken metadata never makes a picture unreadable
            continue
        texts.append(Text(keyword, text))
    return _unknown(texts, known)


def iptc_texts(fields: Mapping[tuple[int, int], Any], known: Iterable[Text] = ()) -> list[Text]:
    """Return the texts of IPTC, given by record and dataset, but for those whose keyword is `known`."""
    texts = []
    for place, keyword in _IPTC_TEXTS.items():
        value = fields.get(place)
        parts = value if isinstance(value, list) else [value]
        texts.append(Text(keyword, ", ".join(filter(None, map(_narrow, parts)))))
    return _unknown(texts, known)


def xmp_texts(packet: str | bytes, known: Iterable[Text] = ()) -> list[Text]:
    """Return the texts of an XMP packet, but for those whose keyword is `known`; none where it is damaged or long."""
    is_plain = b"<!" not in packet if isinstance(packet, bytes) else "<!" not in packet  # entities have no place in it
    if len(packet) > 4 * MOST_BYTES or not is_plain:
        return []
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 ") if isinstance(packet, bytes) else packet.strip("\0 "))
    except (ElementTree.ParseError, ValueError):
        return []
    texts = []
    for name, keyword in _XMP_TEXTS.items():
        element = root.find(f".//{_DUBLIN_CORE}{name}")
        items = [] if element is None else [item.text or "" for item in element.iter(_LIST_ITEM)]
        chosen = items if keyword == AUTHOR else items[:1]  # authors are many, else it is one text in many languages
        texts.append(Text(keyword, ", ".join(filter(None, chosen))))
    return _unknown(texts, known)


def _unknown(texts: Iterable[Text], known: Iterable[Text]) -> list[Text]:
    """Return the texts that say something, the first of each keyword that is not known yet."""
    keywords = {text.keyword.lower() for text in known}
    kept = []
    for text in texts:
        if text.value and text.keyword.lower() not in keywords:
            keywords.add(text.keyword.lower())
            kept.append(text)
    return kept


def _narrow(value: Any) -> str:
    """Return a text of EXIF or IPTC: UTF-8 where it is, else Latin-1; parts are divided by 0."""
    data = value.encode("latin-1", "ignore") if isinstance(value, str) else bytes(value or b"")
    try:
        text = data[:MOST_BYTES].decode("utf-8")
    except UnicodeDecodeError:
        text = data[:MOST_BYTES].decode("latin-1")
    return "; ".join(part.strip() for part in text.split("\0") if part.strip())


def _wide(value: Any) -> str:
    return bytes(value or b"")[: 2 * MOST_BYTES].decode("utf-16-le", "strict").rstrip("\0")
