"""Reads what is carried out of what Pillow says of an opened file: JPEG, TIFF, WebP, BMP, GIF and the others."""

from typing import Any

from PIL import Image, ImageFile, IptcImagePlugin

from pipelines.core.imaging.metadata.embedded import embedded_density, embedded_texts, iptc_texts, xmp_texts
from pipelines.core.imaging.metadata.picture_metadata import COMMENT, PictureMetadata, Text, bounded, per_metre

_JFIF_UNITS = (1, 2)  # dots per inch, per centimetre
_IPTC_FORMATS = ("JPEG", "MPO", "TIFF")


def file_metadata(image: Image.Image, exif: Image.Exif | None) -> PictureMetadata | None:
    """Return what is carried from an opened file and its EXIF (the tags of a TIFF); what is damaged is none."""
    density = _density(image) or (embedded_density(exif) if exif else None)
    is_by_people = image.format != "JPEG2000"  # whose comment names the encoder
    texts = _comment(image.info.get("comment")) if is_by_people else []
    texts += embedded_texts(exif, texts) if exif else []
    texts += iptc_texts(_iptc(image), texts)
    packet = image.info.get("xmp")
    texts += xmp_texts(packet, texts) if isinstance(packet, str | bytes) else []
    return bounded(density, texts, is_tagged=bool(image.info.get("icc_profile")))


def _density(image: Image.Image) -> tuple[int, int] | None:
    """Return pixels per metre as the format itself says; of a JPEG without a density Pillow says 72 dots per inch."""
    if image.format in ("JPEG", "MPO") and image.info.get("jfif_unit") not in _JFIF_UNITS:
        return None
    try:
        across, down = map(float, image.info["dpi"])
        return per_metre(across, down)
    except Exception:  # broken metadata never makes a picture unreadable
        return None


def _comment(comment: Any) -> list[Text]:
    if not isinstance(comment, bytes):
        return []
    try:
        return [Text(COMMENT, comment.decode("utf-8"))]
    except UnicodeDecodeError:
        return [Text(COMMENT, comment.decode("latin-1"))]


def _iptc(image: Image.Image) -> dict[tuple[int, int], Any]:
    if not isinstance(image, ImageFile.ImageFile) or image.format not in _IPTC_FORMATS:
        return {}
    try:
        return dict(IptcImagePlugin.getiptcinfo(image) or {})
    except Exception:  # broken metadata never makes a picture unreadable
        return {}
