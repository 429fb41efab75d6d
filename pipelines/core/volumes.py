"""What a volume takes for one name: case and Unicode form tell names apart on some file systems and not on others."""

import os
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Naming:
    """In what two names of one file may differ."""

    folds_case: bool = False  # as on most volumes of Windows and macOS
    folds_form: bool = False  # composed and decomposed letters (NFC, NFD), as on volumes of macOS

    def key(self, path: str) -> str:
        """The same text for paths that lead to the same place."""
        if self.folds_form and not path.isascii():
            path = unicodedata.normalize("NFC", path)
        return path.lower() if self.folds_case else path

    def describe(self) -> str:
        """In words what tells no names apart."""
        parts = ["case"] * self.folds_case + ["Unicode form"] * self.folds_form
        return " or ".join(parts) or "nothing"


def naming_in(folder: Path) -> Naming:
    """How the volume tells names apart on which a folder is, or would be made: tried out with an empty hidden file.

    Where none can be written, how this system usually does.
    """
    place = next((path for path in (folder, *folder.absolute().parents) if os.path.isdir(path)), Path())
    probe = place / f".colorize-cli-\N{LATIN SMALL LETTER E WITH ACUTE}-{secrets.token_hex(4)}"
    try:
        probe.touch(exist_ok=False)
        folds_case = os.path.lexists(place / probe.name.swapcase())
        folds_form = os.path.lexists(place / unicodedata.normalize("NFD", probe.name))
        probe.unlink()
    except (OSError, UnicodeError):
        return Naming(folds_case=os.path.normcase("A") == "a")
    return Naming(folds_case, folds_form)
