"""Reads the directories of a TIFF: which of them is the picture, and what its tags say.

Sources: TIFF 6.0 (Adobe 1992), sections 2 (structure) and 8 (baseline tags); BigTIFF (awaresystems.be/imaging/tiff).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.core.errors import PictureError

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_LENGTHS = 273, 274, 277, 278, 279
PLANAR, PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_LENGTHS = 284, 317, 320, 322, 323, 324, 325
SUB_DIRECTORIES, INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT = 330, 332, 338, 339
SUBSAMPLING = 530
_SUBFILE, _REDUCED = 254, 1  # NewSubfileType: bit 0 marks a smaller version of another picture
_RAW_VERSION = 50706  # DNGVersion

_HEADERS = {b"II*\0": ("<", False), b"MM\0*": (">", False), b"II+\0": ("<", True), b"MM\0+": (">", True)}
_FORMATS = {
    1: "B",
    3: "H",
    4: "I",
    6: "b",
    7: "B",
    8: "h",
    9: "i",
    13: "I",
    16: "Q",
    18: "Q",
}  # struct's letters
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MOST_PAGES = 4096


@dataclass(frozen=True)
class Entry:
    """One tag as it stands in the file: its `kind` (field type), how many values, and the value or where it lies."""

    kind: int
    count: int
    content: bytes  # of 4 bytes, 8 in a BigTIFF


@dataclass(frozen=True)
class TiffPage:
    """One directory of the TIFF `data`, at byte `start`; `order` is "<" or ">", `is_big` says that it is a BigTIFF."""

    data: bytes = field(repr=False)
    order: str
    is_big: bool
    start: int
    following: int
    entries: dict[int, Entry]

    def values(self, tag: int) -> tuple[int, ...]:
        """Return the whole numbers of a tag, none where it is missing; PictureError where they lie beyond the file."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in _FORMATS:
            return ()
        size = _SIZES[entry.kind] * entry.count
        content = entry.content
        if size > len(content):
            start = self.place(tag)
            content = self.data[start : start + size]
            if len(content) < size:
                raise damaged(f"its tag {tag} lies beyond its end")
        return struct.unpack_from(f"{self.order}{entry.count}{_FORMATS[entry.kind]}", content)

    def place(self, tag: int) -> int:
        """Return where the value of a tag lies that is too long to stand in the directory."""
        return int.from_bytes(self.entries[tag].content, "little" if self.order == "<" else "big")

    def size(self, tag: int) -> int:
        """Return how many bytes a tag has, 0 where it is missing."""
        entry = self.entries.get(tag)
        return 0 if entry is None else _SIZES.get(entry.kind, 0) * entry.count

    def value(self, tag: int, default: int) -> int:
        """Return the first number of a tag."""
        return next(iter(self.values(tag)), default)

    @property
    def width(self) -> int:
        """Columns as they are stored."""
        return self.value(WIDTH, 0)

    @property
    def height(self) -> int:
        """Rows as they are stored."""
        return self.value(HEIGHT, 0)

    @property
    def is_reduced(self) -> bool:
        """Whether this is a smaller version of another picture, such as a thumbnail."""
        return bool(self.value(_SUBFILE, 0) & _REDUCED)


def is_tiff(data: bytes) -> bool:
    """Tell by the first bytes whether this is a TIFF or a BigTIFF."""
    return data[:4] in _HEADERS


def damaged(reason: str) -> PictureError:
    """Return the error for a TIFF whose parts do not fit together."""
    return PictureError(f"it is truncated or damaged (TIFF: {reason})", hint="Copy or save it again from its source")


def read_page(data: bytes) -> TiffPage:
    """Return the one picture of a TIFF, past thumbnails; PictureError where there are several, or none at all."""
    pages = list(_pages(data))
    pictures = [page for page in pages if not page.is_reduced]
    if len(pictures) > 1:
        raise PictureError(f"it has {len(pictures)} pages", hint="Export each page as a PNG of its own")
    if not pages:
        raise damaged("it has no directory")
    _check_not_raw(pages)
    page = (pictures or pages)[0]
    if page.width <= 0 or page.height <= 0:
        raise damaged(f"its size is {page.width} x {page.height}")
    return page


def _check_not_raw(pages: list[TiffPage]) -> None:
    """Refuse raw files of cameras, which are TIFFs: a small preview up front, what the sensor saw hidden behind."""
    first = pages[0]
    is_preview = all(page.is_reduced for page in pages) and SUB_DIRECTORIES in first.entries
    if _RAW_VERSION in first.entries or first.data[8:10] == b"CR" or is_preview:
        message = "it is a raw file of a camera (DNG, CR2, NEF or the like), of which only a preview could be read"
        raise PictureError(message, hint="Develop it and export it as PNG or TIFF")


def _pages(data: bytes) -> Iterator[TiffPage]:
    order, is_big = _HEADERS[data[:4]]
    start = _number(data, 8 if is_big else 4, order + ("Q" if is_big else "I"))
    seen: set[int] = set()
    while start and start not in seen and len(seen) < _MOST_PAGES:  # a circle of directories ends where it began
        seen.add(start)
        page = _page(data, start, order, is_big=is_big)
        yield page
        start = page.following


def _page(data: bytes, start: int, order: str, *, is_big: bool) -> TiffPage:
    layout = struct.Struct(order + ("HHQ8s" if is_big else "HHI4s"))
    count = _number(data, start, order + ("Q" if is_big else "H"))
    position = start + (8 if is_big else 2)
    end = position + count * layout.size
    if end > len(data):
        raise damaged("its directory lies beyond its end")
    entries: dict[int, Entry] = {}
    for tag, kind, number, content in layout.iter_unpack(data[position:end]):
        entries.setdefault(tag, Entry(kind, number, content))
    following = data[end : end + (8 if is_big else 4)]  # some writers leave it out at the end
    return TiffPage(data, order, is_big, start, int.from_bytes(following, "little" if order == "<" else "big"), entries)


def _number(data: bytes, position: int, layout: str) -> int:
    if position + struct.calcsize(layout) > len(data):
        raise damaged("its directory lies beyond its end")
    return int(struct.unpack_from(layout, data, position)[0])
