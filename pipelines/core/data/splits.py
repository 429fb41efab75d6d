"""Tells which split a picture belongs to: by a digest of its name, or by what its folder is called."""

import hashlib
import unicodedata
from dataclasses import dataclass

from pipelines.core.errors import SettingsError

SPLITS = ("train", "val", "test", "display")

_SPLIT_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val"}
_SPLIT_NAMES |= {"test": "test", "testing": "test", "display": "display"}


@dataclass(frozen=True)
class Shares:
    """How much of the pictures goes to each split, in percent; the rest is for training."""

    val: float = 10.0
    test: float = 10.0
    display: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares that are no shares."""
        shares = (self.val, self.test, self.display)
        if min(shares) < 0 or sum(shares) > 100:
            raise SettingsError(
                f"val {self.val:g}, test {self.test:g} and display {self.display:g} percent leave nothing to train on",
                hint="Give shares that add up to less than 100",
            )


def split_of(key: str, seed: int, shares: Shares) -> str:
    """The split of a picture: the same for the same key, seed and shares, whatever other pictures there are.

    The key's BLAKE2b digest is a number in [0, 100); test lies at the bottom, then val, and display at the top.
    """
    text = f"{seed}\n{unicodedata.normalize('NFC', key)}".encode("utf-8", "surrogateescape")
    number = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / 2**64 * 100
    if number < shares.test:
        return "test"
    if number < shares.test + shares.val:
        return "val"
    return "display" if number >= 100 - shares.display else "train"


def split_named(text: str) -> str | None:
    """The split that a word or a path's folders name, such as "valid" or "train/hero"; None where they name none."""
    splits = (_SPLIT_NAMES.get(part.lower()) for part in text.split("/"))
    return next(filter(None, splits), None)
