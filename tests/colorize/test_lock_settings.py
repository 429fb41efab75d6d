"""`colorize --lock` again with another setting: what was looked at under the old one is looked at anew.

A lock looks at all frames before it colours any, and keeps what it saw in the output's hidden folder. A result must
not show that: the same command gives the same bytes, whatever was run into the folder before.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.inference.network import load_network
from pipelines.models import fillnet
from tests import drawings
from tests.colorize.frames import HEAD, frame, hints
from tests.conftest import Cli
from tests.drawings import BLUE, GREEN, RED

FRAMES = 3
Options = tuple[str | Path, ...]  # a Path is one in the folder of drawings

FLAT = ("--model", "flat")
TWO = ("--model", "flat", "--model", "fillnet")
SETTINGS: dict[str, tuple[Options, Options]] = {
    "unhinted": ((), ("--unhinted", "likely")),
    "palette": ((*FLAT, "--palette", Path("first.hex")), (*FLAT, "--palette", Path("second.hex"))),
    "no palette": ((*FLAT, "--palette", Path("first.hex")), FLAT),
    "model": (FLAT, ("--model", "fillnet")),
    "model's settings": ((*FLAT, "--hints", Path("hints")), (*FLAT, "--hints", Path("hints"), "--set", "guess=false")),
    "network": (("--model", Path("one")), ("--model", Path("other"))),
    "a second model": (FLAT, (*TWO, "--merge-base", "fillnet")),
    "merge": ((*TWO, "--merge-base", "flat"), (*TWO, "--merge-base", "fillnet")),
    "reference": ((*FLAT, "--reference", Path("alike.png")), (*FLAT, "--reference", Path("alike"))),
    "snap": (("--hints", Path("hints")), ("--hints", Path("hints"), "--no-snap")),
    "gap": ((*FLAT, "--hints", Path("hints")), (*FLAT, "--hints", Path("hints"), "--gap", "0")),
    "seed": (FLAT, (*FLAT, "--seed", "1")),
}
"""Two runs that differ in one setting, by its name."""

ALIKE = {"snap", "gap"}  # their results do not always differ: nothing is shaded where hints lie, or there is no gap
MATTERS_TO_NONE: dict[str, Options] = {
    "background": ("--background", "transparent"),
    "lines": ("--lines", "none"),
    "panels": ("--panels",),
    "layers": ("--layers", "ora"),
}


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """Three frames of a head and a hand, with what may guide their colours, and two networks of different opinions."""
    for turn in range(FRAMES):
        drawings.write(tmp_path / "lines" / f"walk_{turn}.png", frame(turn))
        drawings.write(tmp_path / "alike" / f"walk_{turn}.png", finished())
    drawings.write(tmp_path / "alike.png", finished())
    drawings.write(tmp_path / "hints" / "walk_0.png", hints(0, head=GREEN))
    (tmp_path / "first.hex").write_text("dc281e\n28aa50\n1e3cc8\n")
    (tmp_path / "second.hex").write_text("1e3cc8\n28aa50\ndc281e\n")  # the largest areas take the first colours
    for seed, name in enumerate(("one", "other")):
        torch.manual_seed(seed)
        params = fillnet.Params(size=64, width=8, tokens=16)
        weights = fillnet.build_network(params).state_dict()
        weights["colour.bias"] = 8 * torch.randn(len(weights["colour.bias"]))
        write_checkpoint(tmp_path / name, CheckpointInfo("fillnet", asdict(params)), weights)
    return tmp_path


@pytest.fixture(autouse=True)
def _networks_are_loaded_anew() -> Iterator[None]:
    yield
    load_network.cache_clear()


def finished() -> drawings.Bytes:
    """The first frame with its head in two colours, and its hand in none."""
    picture = np.full((*frame(0).shape, 3), 255, np.uint8)
    cv2.circle(picture, HEAD, 18, BLUE, -1)
    cv2.ellipse(picture, HEAD, (18, 18), 0, 0, 180, RED, -1)
    return picture


def run(cli: Cli, art: Path, out: Path, options: Options) -> dict[str, bytes]:
    """The results of a run that locks the frames, by name."""
    given = [art / one if isinstance(one, Path) else one for one in options]
    ran = cli("colorize", art / "lines", "-o", out, "--lock", "--device", "cpu", "-j", 1, "--quiet", *given)
    assert ran.code == 0, ran.err
    found = {path.name: path.read_bytes() for path in out.glob("*.png")}
    assert len(found) == FRAMES
    return found


def looked_at(out: Path) -> dict[str, dict[str, str]]:
    """With which settings, as a digest, each frame was looked at, by what was looked at: "areas" and "colours"."""
    (journal,) = (out / ".colorize-cli").glob("*/.colorize-cli/state.jsonl")
    found: dict[str, dict[str, str]] = {"areas": {}, "colours": {}}
    for key, _, _, settings, *_ in map(json.loads, journal.read_text(encoding="ascii").splitlines()):
        found[key.partition("/")[0]][key] = settings
    return found


@pytest.mark.parametrize("name", SETTINGS)
def test_a_run_after_one_with_another_setting_gives_what_a_first_run_gives(name: str, cli: Cli, art: Path) -> None:
    before, after = SETTINGS[name]
    old = run(cli, art, art / "out", before)
    seen = looked_at(art / "out")["colours"]
    again = run(cli, art, art / "out", after)
    seen_again = looked_at(art / "out")["colours"]
    fresh = run(cli, art, art / "fresh", after)
    assert again == fresh
    assert name in ALIKE or old != fresh, "the setting has to matter, or this says nothing"
    assert seen_again and not set(seen.items()) & set(seen_again.items()), "it is no luck that these pictures agree"


def test_areas_are_looked_at_anew_where_a_reference_says_otherwise_where_its_colours_belong(
    cli: Cli, art: Path
) -> None:
    """One reference for all frames gives its colours alone, one by name says their places too: hints are found."""
    known = []
    for options in SETTINGS["reference"]:
        run(cli, art, art / "out", options)
        known.append(looked_at(art / "out")["areas"])
    assert len(known[1]) == FRAMES
    assert not set(known[0].items()) & set(known[1].items())


@pytest.mark.parametrize("name", MATTERS_TO_NONE)
def test_what_matters_to_the_results_alone_makes_no_frame_looked_at_anew(name: str, cli: Cli, art: Path) -> None:
    """Looking at all frames takes longer than colouring them."""
    run(cli, art, art / "out", FLAT)
    known = looked_at(art / "out")
    assert len(known["areas"]) == FRAMES and known["colours"]
    run(cli, art, art / "out", (*FLAT, *MATTERS_TO_NONE[name]))
    assert looked_at(art / "out") == known


@pytest.mark.parametrize("options", [(), FLAT], ids=["fillnet", "flat"])
def test_the_same_run_again_does_nothing(options: Options, cli: Cli, art: Path) -> None:
    first = run(cli, art, art / "out", options)
    journal = sorted((path, path.read_bytes()) for path in (art / "out").rglob("state.jsonl"))
    assert run(cli, art, art / "out", options) == first
    assert journal == sorted((path, path.read_bytes()) for path in (art / "out").rglob("state.jsonl"))
