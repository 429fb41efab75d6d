"""Declares what is carried from a picture to what is made of it: its density and its texts, within bounds.

Carried are words that people wrote for people (title, author, copyright ...). Left out is what may give somebody away
or is no text: places, thumbnails, dates of files, and packets of binary metadata, of which the common fields are read.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

MOST_BYTES = 1 << 16
"""Of all texts of one picture, in UTF-8: a page of contract fits in, a picture hidden in text does not."""

MOST_TEXTS = 64
"""Of one picture."""

TITLE, AUTHOR, COPYRIGHT, DESCRIPTION, COMMENT = "Title", "Author", "Copyright", "Description", "Comment"

METRES_PER_INCH = 0.0254
_DENSITIES = (2.0, 65535.0)  # dots per inch: a PSD holds no more; TIFF files say 1 where nothing is known
_LONGEST_KEYWORD = 79  # PNG, third edition, 11.3.3.1
_KEYWORD = re.compile("[!-~\xa1-\xff]+(?: [!-~\xa1-\xff]+)*")  # Latin-1, single spaces between words
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LEFT_OUT = re.compile(r"raw profile type|xml:|exif:|date:|thumb|gps|latitude|longitude|location", re.IGNORECASE)


class Text(NamedTuple):
    """One text: its `keyword` as in PNG (Title, Author, Description, Copyright, Comment ...) and what it says."""

    keyword: str
    value: str


@dataclass(frozen=True)
class PictureMetadata:
    """`density`, pixels per metre across and down, None where unknown; `texts` in the file's order, each once.

    Whatever has metadata, be it that its file says no more than what its colours are, is marked as sRGB when it is
    written, since all pictures are sRGB once they are read.
    """

    density: tuple[int, int] | None = None
    texts: tuple[Text, ...] = ()

    @property
    def dots_per_inch(self) -> tuple[float, float] | None:
        """The density across and down in dots per inch, a whole number where pixels per metre were rounded from it."""
        return None if self.density is None else (_per_inch(self.density[0]), _per_inch(self.density[1]))

    def text(self, *keywords: str) -> str | None:
        """Return the first text of one of these keywords, in upper or lower case; None where there is none."""
        wanted = [keyword.lower() for keyword in keywords]
        return next((text.value for text in self.texts if text.keyword.lower() in wanted), None)

    def turned(self) -> "PictureMetadata":
        """Return the same for a picture whose rows and columns are exchanged."""
        return self if self.density is None else replace(self, density=self.density[::-1])


def per_metre(across: float, down: float) -> tuple[int, int] | None:
    """Turn dots per inch into a density; None where a number is no density (0, infinite, beyond all devices)."""
    low, high = _DENSITIES
    if not all(math.isfinite(number) and low <= number <= high for number in (across, down)):
        return None
    return round(across / METRES_PER_INCH), round(down / METRES_PER_INCH)


def bounded(density: tuple[int, int] | None, texts: Iterable[Text], *, is_tagged: bool) -> PictureMetadata | None:
    """Return what is carried; None where a file says nothing: neither density nor text, nor what its colours are.

    A text is left out where its keyword is none, it is empty or unprintable, said already, or no room is left.
    """
    kept = _kept(texts)
    return PictureMetadata(density, kept) if density is not None or kept or is_tagged else None


def _kept(texts: Iterable[Text]) -> tuple[Text, ...]:
    kept: dict[Text, None] = {}
    room = MOST_BYTES
    for keyword, value in texts:
        text = Text(keyword.strip(), value.replace("\r\n", "\n").replace("\r", "\n").strip(" \n\t\0"))
        if len(kept) == MOST_TEXTS or text in kept or not _is_carried(text):
            continue
        size = len(text.keyword) + len(text.value.encode())
        if size <= room:
            room -= size
            kept[text] = None
    return tuple(kept)


def _is_carried(text: Text) -> bool:
    is_keyword = len(text.keyword) <= _LONGEST_KEYWORD and _KEYWORD.fullmatch(text.keyword) is not None
    if not is_keyword or _LEFT_OUT.search(text.keyword):
        return False
    return 0 < len(text.value) <= MOST_BYTES and not _UNPRINTABLE.search(text.value)


def _per_inch(density: int) -> float:
    whole = round(density * METRES_PER_INCH)
    return whole if round(whole / METRES_PER_INCH) == density else density * METRES_PER_INCH
