"""Golden results: the command line still makes what it made of the pictures drawn here, whatever moves inside.

    python -m tests.test_golden     makes what is kept anew, after a change that is meant to change results: look at it

Kept are, in tests/golden:

pictures        CASE/NAME.png, what networks paint, and false colours: they may be off by two levels, since processors
                round and add up floating point numbers in different ways; CASE/NAME-ora/LAYER.png is a layer
digests.json    SHA-256 of decoded pixels (never of PNG bytes, which may be packed in other ways): of all else that is
                made, which has to be the same everywhere, of the drawings that all is made from, and of the kept
                pictures, so that none is changed by accident

Where a result differs, the message names the picture, and a picture of the differences lies in the test's folder. A
kept picture that is still right stays as it is when all is made anew, so that another processor changes no file.

What is drawn was chosen so that no result hangs on the last digits of a number: all is the same without the vector
instructions of the processor (in torch, OpenCV and numpy), and with noise of 1e-4 on what the network says.
"""

import hashlib
import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from xml.etree import ElementTree
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from colorize_cli.app import main
from tests import drawings, pairs
from tests.conftest import Cli
from tests.drawings import Bytes

GOLDEN = Path(__file__).parent / "golden"
DIGESTS = GOLDEN / "digests.json"
EXAMPLES = Path(__file__).parents[1] / "examples"
TOLERANCE = 2  # levels, in every channel, by which what a network painted may be off
STRONGER = 16  # times: differences as they are shown

Arguments = tuple[str | Path, ...]  # a Path is one in the folder of drawings
Pictures = dict[str, NDArray[Any]]

LINES, HINTS, STROKES, ART, FRAMES = Path("lines"), Path("hints"), Path("strokes"), Path("art"), Path("frames")
INK, GAPS, THICK = LINES / "ink.png", LINES / "gaps.png", LINES / "thick.png"
CLEAR, BODY, CIRCLES = LINES / "clear.png", LINES / "body.png", LINES / "deep" / "circles.png"

NETWORK: dict[str, Arguments] = {
    "hints": ("colorize", LINES, "--hints", HINTS),
    "lively": ("colorize", INK, GAPS, CLEAR),
    "likely": ("colorize", INK, BODY, "--unhinted", "likely"),
    "palette": ("colorize", INK, CLEAR, "--palette", Path("colours.hex")),
    "tint": ("colorize", THICK, BODY, "--hints", HINTS, "--lines", "tint"),
    "reference": ("colorize", THICK, CLEAR, "--reference", ART),
    "lock": ("colorize", FRAMES, "--hints", Path("first"), "--lock"),
    "variants": ("colorize", THICK, "--variants", "2"),
    "layers": ("colorize", BODY, "--hints", HINTS, "--no-snap", "--layers", "ora"),  # it has light and shadow
}
"""Painted by `fillnet`, the default of `colorize`."""

EXACT: dict[str, Arguments] = {
    "flat-hints": ("colorize", LINES, "--model", "flat", "--hints", HINTS),
    "flat-strokes": ("colorize", LINES, "--model", "flat", "--hints", STROKES),
    "flat-palette": ("colorize", LINES, "--model", "flat", "--palette", Path("colours.hex")),
    "flat-none": ("colorize", LINES, "--model", "flat"),
    "flat-reference": ("colorize", LINES, "--model", "flat", "--reference", ART, "--background", "transparent"),
    "flat-lock": ("colorize", FRAMES, "--model", "flat", "--hints", Path("first"), "--lock"),
    "flat-lock-none": ("colorize", FRAMES, "--model", "flat", "--lock"),
    "flat-layers": ("colorize", LINES, "--model", "flat", "--hints", HINTS, "--layers", "ora", "--flats", "region"),
    "regions": ("regions", LINES),
    "lines-adaptive": ("extract-lines", ART),
    "lines-xdog": ("extract-lines", ART, "--method", "xdog"),
    "hints-kmedoids": ("make-hints", ART),
    "hints-points": ("make-hints", ART, "--method", "points"),
    "hints-strokes": ("make-hints", ART, "--method", "strokes"),
}
"""Made without a network. Distances, blurs and clusters are of floating point here too, but what is kept of them is
which pixel is ink, or in which area, or has which of the given colours: one that is decided otherwise has quite another
colour, for which there is no tolerance in levels."""

ROUNDED = ".preview.png"  # OpenCV rounds HSV to RGB by a level otherwise where the processor has other instructions

LAYERS = (  # of an ORA file, from top to bottom: name, how it is laid on what is below, whether it is seen
    ("hints", "svg:src-over", "hidden"),
    ("line-art", "svg:multiply", "visible"),
    ("highlights", "svg:screen", "visible"),
    ("shading", "svg:multiply", "visible"),
    ("flats", "svg:src-over", "visible"),
    ("background", "svg:src-over", "hidden"),  # the drawing has transparency
)

# what is drawn ----------------------------------------------------------------------------------------------


def draw(folder: Path) -> Path:
    """Draw everything that the commands are given."""
    sys.path.insert(0, str(EXAMPLES))
    monsters = importlib.import_module("monsters")
    for name, number, size, style in (
        ("ink", 3, 160, "ink"),
        ("gaps", 2, 160, "pencil"),
        ("thick", 4, 160, "thick"),
        ("clear", 1, 128, "thin"),
        ("body", 7, 144, "coloured"),
    ):
        drawn = monsters.render(monsters.describe(7, number), size, line_style=style, gaps=name == "gaps")
        window = np.s_[24:100] if name == "thick" else np.s_[:]  # not all are square and whole
        lines, flats = drawn.lines[window], drawn.flats[window]
        hints = drawn.hints[window]
        if name != "ink":
            hints[:, size // 2 :] = 0  # the others have areas that no hint tells of
        drawings.write(folder / LINES / f"{name}.png", _line_art(name, lines, drawn.alpha[window]))
        drawings.write(folder / HINTS / f"{name}.png", hints)
        drawings.write(folder / STROKES / f"{name}.png", _strokes(lines.shape, number))
        soft = cv2.blur(lines, (3, 3)) if name == "body" else lines
        drawings.write(folder / ART / f"{name}.png", _finished(soft, flats))
    drawings.write(folder / CIRCLES, drawings.two_circles(128))
    drawings.write(folder / HINTS / "deep" / "circles.png", drawings.two_hints(128))
    drawings.write(folder / ART / "discs.png", pairs.picture(5, 128))
    walking = monsters.livelier(monsters.describe(11, 4))
    for turn in range(3):
        frame = monsters.render(walking, 128, time=turn / 6)
        drawings.write(folder / FRAMES / f"walk_{turn}.png", frame.lines)
        if turn == 0:
            drawings.write(folder / "first" / "walk_0.png", frame.hints)
    (folder / "colours.hex").write_text("d94a3a\nf2b632\n3f8f5b\n2f5fa8\n7a4a9c\n")
    return folder


def _line_art(name: str, lines: Bytes, figure: Bytes) -> Bytes:
    """On white paper, "gaps" faint; "clear" is ink on a transparent ground, "body" a figure that is opaque."""
    if name == "gaps":
        return 255 - (255 - lines) // 2
    if name == "clear":
        return np.dstack([*(np.full_like(lines, level) for level in (40, 20, 60)), 255 - lines])
    return np.dstack([lines, lines, lines, figure]) if name == "body" else lines


def _strokes(shape: tuple[int, ...], seed: int) -> Bytes:
    """Hints that run over lines and meet in one area."""
    rng, hints = np.random.default_rng(seed), np.zeros((*shape, 4), np.uint8)
    for colour in ((217, 74, 58), (242, 182, 50), (63, 143, 91), (47, 95, 168)) * 2:
        one, other = (rng.integers(0, 100, 2) * shape[::-1] // 100 for _ in range(2))
        middle = (one + other) // 2
        cv2.line(hints, one.tolist(), middle.tolist(), (*colour, 255), 4)
    return hints


def _finished(lines: Bytes, flats: Bytes) -> Bytes:
    """Flat colours on white under lines of a dark tone, in whole numbers alone."""
    colour = np.where(flats[..., 3:] > 0, flats[..., :3], 255).astype(np.int64)
    paper = lines[..., None].astype(np.int64)
    return ((colour * paper + np.array((50, 30, 40)) * (255 - paper)) // 255).astype(np.uint8)


@pytest.fixture(scope="module")
def art(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("golden"))


# what is made of it -----------------------------------------------------------------------------------------


def command(arguments: Arguments, art: Path, out: Path) -> list[str]:
    """The words of a command line that writes into the folder `out`."""
    words = [str(art / one) if isinstance(one, Path) else one for one in arguments]
    if words[0] == "colorize":
        words += ["--device", "cpu"]  # a GPU's convolutions are less exact
    return [*words, "-o", str(out), "-j", "1", "--quiet"]


def pictures_in(folder: Path) -> Pictures:
    """All pictures that a command wrote, by name."""
    found: Pictures = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part.startswith(".") for part in name.parts):
            continue
        if path.suffix == ".png":
            found[name.as_posix()] = drawings.read(path)
        elif path.suffix == ".ora":
            found |= {f"{name.with_suffix('').as_posix()}-ora/{one.name}.png": one.picture for one in layers_of(path)}
    return found


class LayerSeen(NamedTuple):
    """A layer of an ORA file, at the size of the document."""

    name: str
    operator: str
    visibility: str
    picture: Bytes


def layers_of(path: Path) -> list[LayerSeen]:
    """The layers from top to bottom: RGBA, but those of light and shadow, RGB, as they look on what lies below.

    The factor that they hold says little by itself: where it is dark below, many factors give a colour's one level.
    """
    with ZipFile(path) as archive:
        image = ElementTree.fromstring(archive.read("stack.xml"))
        size = int(image.attrib["h"]), int(image.attrib["w"])
        below, found = np.full((*size, 3), 255, np.int64), []
        for layer in reversed(list(image.iter("layer"))):
            name, operator, visibility = (layer.attrib[key] for key in ("name", "composite-op", "visibility"))
            whole = _at_full_size(drawings.read(archive.read(layer.attrib["src"])), layer.attrib, size)
            if visibility == "visible":
                below = _laid_over(below, whole, operator)
            seen = whole if operator == "svg:src-over" else below.astype(np.uint8)
            found.append(LayerSeen(name, operator, visibility, seen))
    return found[::-1]


def _at_full_size(part: Bytes, place: Mapping[str, str], size: tuple[int, int]) -> Bytes:
    whole = np.zeros((*size, 4), np.uint8)
    left, top = int(place["x"]), int(place["y"])
    whole[top : top + part.shape[0], left : left + part.shape[1]] = part
    return whole


def _laid_over(below: NDArray[np.int64], layer: Bytes, operator: str) -> NDArray[np.int64]:
    """What a layer, RGBA, makes of an opaque ground, RGB."""
    colour, alpha = layer[..., :3].astype(np.int64), layer[..., 3:].astype(np.int64)
    if operator == "svg:multiply":
        colour = (below * colour + 127) // 255
    elif operator == "svg:screen":
        colour = 255 - ((255 - below) * (255 - colour) + 127) // 255
    return (colour * alpha + below * (255 - alpha) + 127) // 255


def digest_of(picture: NDArray[Any]) -> str:
    """SHA-256 of what a picture is: its kind of numbers, its size and its pixels."""
    head = f"{picture.dtype.name} {picture.shape}".encode()
    return hashlib.sha256(head + np.ascontiguousarray(picture).tobytes()).hexdigest()


def digests_of(pictures: Pictures) -> dict[str, str]:
    return {name: digest_of(picture) for name, picture in pictures.items()}


def parted(case: str, made: Pictures) -> tuple[Pictures, Pictures]:
    """Those of a case's pictures that may be off by a little, and those that may not."""
    near = {name: picture for name, picture in made.items() if case in NETWORK or name.endswith(ROUNDED)}
    return near, {name: picture for name, picture in made.items() if name not in near}


def kept_digests() -> dict[str, Any]:
    return dict(json.loads(DIGESTS.read_text()))


# comparing --------------------------------------------------------------------------------------------------


def difference_of(kept: NDArray[Any] | None, made: NDArray[Any] | None) -> NDArray[np.int64] | str:
    """How far two pictures are apart in each pixel and channel, or why they cannot be compared."""
    if kept is None or made is None:
        return "not made any more" if made is None else "not kept: it is new"
    if kept.shape != made.shape or kept.dtype != made.dtype:
        return f"{made.dtype.name} {made.shape}, kept is {kept.dtype.name} {kept.shape}"
    return np.abs(kept.astype(np.int64) - made)


def complaints(kept: Pictures, made: Pictures, folder: Path) -> list[str]:
    """What is to be said of each picture that is off by more than the tolerance; shows the differences in `folder`."""
    found = []
    for name in sorted(kept.keys() | made.keys()):
        off = difference_of(kept.get(name), made.get(name))
        if isinstance(off, str):
            found.append(f"{name}: {off}")
        elif off.max(initial=0) > TOLERANCE:
            worst = off.reshape(*off.shape[:2], -1).max(axis=2)
            shown = drawings.write(folder / name, np.minimum(worst * STRONGER, 255).astype(np.uint8))
            pixels = np.count_nonzero(worst > TOLERANCE)
            found.append(
                f"{name}: off by up to {worst.max()} levels, {pixels} pixels by more than {TOLERANCE}: {shown}"
            )
    return found


# tests ------------------------------------------------------------------------------------------------------


def test_the_drawings_are_those_that_the_golden_results_were_made_from(art: Path) -> None:
    """Where this fails the others say nothing: what they are given is another thing."""
    assert digests_of(pictures_in(art)) == kept_digests()["drawings"]


def test_the_kept_pictures_are_as_they_were_kept() -> None:
    assert digests_of(pictures_in(GOLDEN)) == kept_digests()["pictures"]


@pytest.mark.parametrize("case", NETWORK | EXACT)
def test_the_command_line_makes_what_it_made(case: str, cli: Cli, art: Path, tmp_path: Path) -> None:
    ran = cli(*command((NETWORK | EXACT)[case], art, tmp_path / "out"))
    assert ran.code == 0, ran.err
    near, exact = parted(case, pictures_in(tmp_path / "out"))
    found = complaints(pictures_in(GOLDEN / case), near, tmp_path / "differences")
    kept, made = kept_digests()["exact"].get(case, {}), digests_of(exact)
    found += [
        f"{name}: other pixels, or lost, or new" for name in kept.keys() | made if kept.get(name) != made.get(name)
    ]
    assert not found, f"{case}, in {tmp_path / 'out'}:\n" + "\n".join(sorted(found))


def test_an_ora_file_has_its_layers_in_their_order_and_the_result(cli: Cli, art: Path, tmp_path: Path) -> None:
    assert cli(*command(NETWORK["layers"], art, tmp_path)).code == 0
    found = [(layer.name, layer.operator, layer.visibility) for layer in layers_of(tmp_path / "body.ora")]
    assert tuple(found) == LAYERS
    with ZipFile(tmp_path / "body.ora") as archive:
        merged = drawings.read(archive.read("mergedimage.png"))
    assert np.array_equal(merged, drawings.read(tmp_path / "body.png"))


def test_a_picture_that_is_off_is_named_with_how_far_it_is_off(tmp_path: Path) -> None:
    """The golden tests can fail: by a level too many in one channel of one pixel, a lost, a new, a larger picture."""
    kept = {name: np.full((4, 5, 3), 100, np.uint8) for name in ("far", "near", "lost", "larger")}
    made = {name: picture.copy() for name, picture in kept.items() if name != "lost"}
    made["near"][1, 2] = (98, 102, 100)
    made["far"][1, 2, 1] = 103
    made["larger"] = np.full((4, 6, 3), 100, np.uint8)
    made["new"] = made["near"]
    found = {text.partition(":")[0]: text for text in complaints(kept, made, tmp_path)}
    assert sorted(found) == ["far", "larger", "lost", "new"]
    assert "up to 3 levels, 1 pixels" in found["far"]
    assert drawings.read(tmp_path / "far")[1, 2] == 3 * STRONGER


# making it anew ---------------------------------------------------------------------------------------------


def make_anew() -> None:
    """Write tests/golden; kept pictures that are still right stay."""
    digests: dict[str, Any] = {"exact": {}}
    with TemporaryDirectory() as folder:
        art = draw(Path(folder) / "drawn")
        digests["drawings"] = digests_of(pictures_in(art))
        for case, arguments in (NETWORK | EXACT).items():
            out = Path(folder) / case
            try:
                main(command(arguments, art, out))
            except SystemExit as left:
                if left.code:
                    raise
            near, exact = parted(case, pictures_in(out))
            digests["exact"] |= {case: digests_of(exact)} if exact else {}
            _keep(case, near)
    for path in [path for path in GOLDEN.rglob("*.png") if path.relative_to(GOLDEN).parts[0] not in NETWORK | EXACT]:
        path.unlink()
    digests["pictures"] = digests_of(pictures_in(GOLDEN))
    DIGESTS.write_text(json.dumps(digests, indent=2, sort_keys=True) + "\n")


def _keep(case: str, made: Pictures) -> None:
    """Keep the pictures of a case, and no others."""
    kept = pictures_in(GOLDEN / case)
    for name in kept.keys() | made.keys():
        off, place = difference_of(kept.get(name), made.get(name)), GOLDEN / case / name
        if name not in made:
            place.unlink()
        elif isinstance(off, str) or off.max(initial=0) > TOLERANCE:
            print(f"{case}/{name}")
            order = [2, 1, 0, 3][: made[name].shape[2]]
            done, data = cv2.imencode(".png", made[name][..., order], [cv2.IMWRITE_PNG_COMPRESSION, 9])
            assert done
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data.tobytes())


if __name__ == "__main__":
    make_anew()
