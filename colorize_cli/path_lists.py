"""Lists of paths, as find, git diff, spreadsheets and PowerShell write them."""

import re
import sys
from pathlib import Path

from pipelines.core.errors import UsageError
from pipelines.core.files import show_path
from pipelines.core.texts import decode_text

_MOST_BYTES = 1 << 28  # some millions of paths
_STDIN = "-"
_NO_TEXT = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # what neither lists nor, but for jokes, names hold


def read_list(place: str) -> list[str]:
    """The paths in the file `place`, "-" for standard input: one a line, or each ended by NUL (find -print0).

    Text is UTF-8 or whatever else its byte order mark says; bytes of a name that are not UTF-8 stay what they are.
    Raises UsageError for a file that cannot be read or is no list.
    """
    if place == _STDIN and sys.stdin is None:
        raise UsageError("the list cannot be read: standard input is closed", hint="Check --files-from")
    shown = "on standard input" if place == _STDIN else show_path(place)
    try:
        data = _read(place)
    except OSError as error:
        raise UsageError(f"cannot read the list {shown}: {error.strerror}", hint="Check --files-from") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"the list {shown} is larger than {_MOST_BYTES >> 20} MiB", hint="Check --files-from")
    try:
        text = decode_text(data, errors="surrogateescape")  # a name need not be UTF-8
        text.encode("utf-8", "surrogateescape")
    except UnicodeError as error:
        raise _no_list(shown, "it is damaged UTF-16") from error
    if "\0" in text:
        return _ended_by_nul(text, shown)
    return [path for line in text.split("\n") if (path := line.rstrip("\r").removeprefix("\ufeff")).strip()]


def _read(place: str) -> bytes:
    if place == _STDIN:
        return sys.stdin.buffer.read(_MOST_BYTES + 1)
    with Path(place).open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def _ended_by_nul(text: str, shown: str) -> list[str]:
    """The paths of a list that holds NUL; raises UsageError for what only looks like one, such as UTF-16."""
    paths = [path for path in text.split("\0") if path]
    if any(path in ("\r", "\n", "\r\n") for path in paths):
        raise _no_list(shown, "it is UTF-16 without its mark")
    if _NO_TEXT.search(text) and any("\udc80" <= letter <= "\udcff" for letter in text):
        raise _no_list(shown, "it is no text")
    return [path for path in paths if path.strip()]


def _no_list(shown: str, reason: str) -> UsageError:
    return UsageError(f"the list {shown} cannot be read: {reason}", hint="Save it as UTF-8, one path a line")
