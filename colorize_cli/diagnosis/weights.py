"""Check of the weights that come with the program: whether they are those that their card tells of."""

import json
from collections.abc import Iterator
from pathlib import Path

import pipelines
from colorize_cli.diagnosis.findings import Finding
from pipelines.core.files import sha256_of_file

SHIPPED = Path(pipelines.__file__).parent / "models" / "_shipped"
"""A folder for each model that comes with weights."""

_AGAIN = "pip install --force-reinstall --no-deps colorize-cli"


def check_weights(folder: Path) -> Iterator[Finding]:
    """Each shipped model by the digest of its weights, and its card."""
    cards = sorted(folder.glob("*/model.json"))
    if not cards:
        yield Finding("weights", "problem", "no model came with its weights", _AGAIN)
    for card in cards:
        name = f"weights of {card.parent.name}"
        try:
            promised = str(json.loads(card.read_text(encoding="utf-8"))["weights_sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            yield Finding(name, "problem", "the card model.json is damaged", _AGAIN)
            continue
        try:
            digest = sha256_of_file(card.parent / "weights.safetensors")
        except OSError as error:
            yield Finding(name, "problem", f"they cannot be read: {error.strerror}", _AGAIN)
            continue
        if digest != promised:
            yield Finding(name, "problem", f"damaged: sha256 is {digest[:12]}, not {promised[:12]}", _AGAIN)
        else:
            yield Finding(name, "ok", f"sha256 {digest[:12]}")
