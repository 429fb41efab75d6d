"""A page for blind votes between methods, one HTML file: pairs side by side, then single pictures to be rated.

Which method is on which side is drawn at random and shown nowhere; the page carries it encoded, so that votes can be
exported with names. Votes are a JSON file, which the stage `count_votes` reads back.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pipelines.core.imaging.compositing import fit
from pipelines.core.imaging.picture import decode_picture, encode_picture
from pipelines.metrics.base.results import PictureScores
from pipelines.reports._ballot_script import SCRIPT
from pipelines.reports.base.document import document, escape, image_element

KIND = "colorize-cli votes"
_SIDE = 512  # px, the longer side of a picture that is voted on


@dataclass(frozen=True)
class BallotPair:
    """Two methods' results of one picture, in the order in which they are shown."""

    name: str
    left: str  # method
    right: str
    files: tuple[str, str, str]  # left, right, and lines or nothing


def draw(rows: Sequence[PictureScores], count: int, rng: np.random.Generator) -> tuple[BallotPair, ...]:
    """Draw `count` pairs (or as many as there are), every pair of methods as often as the others, sides at random."""
    by_name: dict[str, dict[str, PictureScores]] = {}
    for row in rows:
        if not row.problem:
            by_name.setdefault(row.name, {})[row.method] = row
    labels = list(dict.fromkeys(row.method for row in rows))
    piles = []
    for first, second in combinations(labels, 2):
        shared = [name for name, rows_of in by_name.items() if first in rows_of and second in rows_of]
        piles.append([(shared[at], first, second) for at in rng.permutation(len(shared))])
    dealt = [pile[at] for at in range(max(map(len, piles), default=0)) for pile in piles if at < len(pile)][:count]
    pairs = (dealt[at] for at in rng.permutation(len(dealt)))
    return tuple(
        _pair(name, by_name[name], (first, second), flip=bool(rng.integers(2))) for name, first, second in pairs
    )


def write(pairs: Sequence[BallotPair], files: Mapping[str, bytes], rng: np.random.Generator) -> bytes:
    """Return the page, UTF-8; files are named by their path."""
    singles = [(pair, side) for pair in pairs for side in (0, 1)]
    rated = [singles[at] for at in rng.permutation(len(singles))[: len(pairs)]]
    sealed = {
        "pairs": [[pair.name, pair.left, pair.right] for pair in pairs],
        "ratings": [[pair.name, (pair.left, pair.right)[side]] for pair, side in rated],
    }
    key = base64.b64encode(json.dumps(sealed).encode()).decode()
    slides = [_pair_slide(at, pair, files) for at, pair in enumerate(pairs)]
    slides += [_rating_slide(number, pair.files[side], files) for number, (pair, side) in enumerate(rated)]
    body = _PAGE.format(slides="".join(slides), key=key, kind=escape(KIND), pairs=len(pairs), ratings=len(rated))
    return document("Which is better?", body, SCRIPT)


def _pair(name: str, rows: Mapping[str, PictureScores], methods: tuple[str, str], *, flip: bool) -> BallotPair:
    left, right = reversed(methods) if flip else methods
    paths = rows[left].files["result"], rows[right].files["result"], rows[left].files.get("lines", "")
    return BallotPair(name, left, right, paths)


def _pair_slide(at: int, pair: BallotPair, files: Mapping[str, bytes]) -> str:
    sides = [
        f'<button type="button" data-choice="{side.lower()}">{_picture(files[path], f"{side} picture")}{side}</button>'
        for side, path in zip(("Left", "Right"), pair.files, strict=False)
    ]
    line_art = files.get(pair.files[2])
    lines = f'<figure class="art">{_picture(line_art, "line art")}</figure>' if line_art is not None else ""
    return (
        f'<section class="slide" data-part="pairs" data-at="{at}" hidden aria-label="Pair {at + 1}">'
        f'<div class="two">{"".join(sides)}</div><div class="tools"><button class="plain" type="button" '
        f'data-choice="tie">No difference</button></div>{lines}</section>'
    )


def _rating_slide(at: int, path: str, files: Mapping[str, bytes]) -> str:
    words = ("bad", "poor", "fair", "good", "excellent")
    buttons = "".join(
        f'<button class="plain" type="button" data-choice="{number}">{number} {word}</button>'
        for number, word in enumerate(words, 1)
    )
    return (
        f'<section class="slide" data-part="ratings" data-at="{at}" hidden aria-label="Picture {at + 1}">'
        f'<figure class="single">{_picture(files[path], "picture to rate")}</figure>'
        f'<div class="tools">{buttons}</div></section>'
    )


def _picture(data: bytes, words: str) -> str:
    return image_element(encode_picture(fit(decode_picture(data).over_white(), _SIDE), ".webp"), words)


_PAGE = """<style>
.two {{ display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }}
.two button {{ all: unset; cursor: pointer; text-align: center; border: 3px solid var(--rule); border-radius: .5rem; }}
.two button:focus-visible {{ outline: 3px solid var(--mark); }}
.two button.chosen {{ border-color: var(--mark); }}
.slide img {{ width: 100%; max-height: 62vh; object-fit: contain; background: #fff;
  border-radius: .35rem; display: block; }}
.art img {{ max-height: 22vh; margin-top: .5rem; }} .slide .tools {{ justify-content: center; margin: .75rem 0; }}
.slide button.plain.chosen {{ outline: 3px solid var(--mark); }}
progress {{ width: 100%; }}
</style><header><h1>Which is better?</h1><p id="task" aria-live="polite"></p>
<progress id="bar" value="0"></progress></header>
<main id="main" data-kind="{kind}" data-key="{key}" data-pairs="{pairs}" data-ratings="{ratings}">
<section id="start"><p>You will see {pairs} pairs of pictures and say which looks better as a finished picture, then
{ratings} single pictures to rate from 1 to 5. Names are hidden.</p>
<p>Keys: <kbd>\N{LEFTWARDS ARROW}</kbd> or <kbd>a</kbd> left is better, <kbd>\N{RIGHTWARDS ARROW}</kbd> or <kbd>d</kbd>
right, <kbd>\N{DOWNWARDS ARROW}</kbd> or <kbd>s</kbd> no difference, <kbd>1</kbd> to <kbd>5</kbd> to rate,
<kbd>Backspace</kbd> back, <kbd>Esc</kbd> skip.</p>
<div class="tools"><label>Your name or nickname (optional) <input type="search" id="voter"></label>
<button class="plain" type="button" id="begin">Begin</button></div></section>
{slides}
<section id="end" hidden><p id="thanks"></p><div class="tools">
<button class="plain" type="button" id="save">Save votes</button>
<button class="plain" type="button" id="back">Back</button></div>
<p class="soft small">Send the file to whoever asked you. They read it with: colorize-cli evaluate --votes FILE</p>
</section>
</main>"""
