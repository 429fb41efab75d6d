"""Facts about how fillnet colours drawings: variants, lively colours, palettes, the network's square."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.flatting.reading import LineReading
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import INFO, CheckpointInfo
from pipelines.inference.model_source import ModelSource
from pipelines.inference.types import ColorGuide, Drawing
from pipelines.models import fillnet
from tests import drawings

Bytes = NDArray[np.uint8]


WHITE = drawings.WHITE


TINY = fillnet.Params(size=64, width=8, tokens=16)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a fresh network: it changes nothing of the flat fill."""
    folder = tmp_path_factory.mktemp("network") / "fresh"
    torch.manual_seed(0)
    write_checkpoint(folder, CheckpointInfo("fillnet", asdict(TINY)), fillnet.build_network(TINY).state_dict())
    return folder


def painted(
    network: Path,
    *,
    varied: bool,
    lively: bool = False,
    seed: int = 0,
    hints: bool = False,
    palette: Bytes | None = None,
) -> Bytes:
    """The flat colours of two circles."""
    card = json.loads((network / INFO).read_text())
    painter = ModelSource("fillnet", "fillnet", dict(card["params"]), str(network), card["weights_sha256"])
    given = drawings.two_hints(96) if hints else np.zeros((96, 96, 4), np.uint8)
    guide = ColorGuide(given, palette)
    reading = LineReading(drawings.two_circles(96))
    drawing = Drawing(reading, {"fills": guide}, np.random.default_rng(seed), vivid=lively, varied=varied)
    return painter.predict([drawing], "cpu")[0].flats


def colours_of(picture: Bytes) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.unique(picture.reshape(-1, 3), axis=0).tolist()}


def test_variants_repeat_for_a_seed_and_differ_between_seeds(network: Path) -> None:
    plain = painted(network, varied=False)
    assert np.array_equal(plain, painted(network, varied=False, seed=5))  # the likeliest knows no chance
    ways = [painted(network, varied=True, seed=seed) for seed in (0, 0, 1, 2)]
    assert np.array_equal(ways[0], ways[1])
    assert len({way.tobytes() for way in (plain, *ways)}) == 4


def test_lively_colours_repeat_for_a_seed_and_give_way_to_hints(network: Path) -> None:
    ways = [painted(network, varied=False, lively=True, seed=seed) for seed in (0, 0, 3)]
    assert np.array_equal(ways[0], ways[1])
    assert not np.array_equal(ways[0], ways[2])
    hinted = [painted(network, varied=False, lively=lively, hints=True) for lively in (True, False)]
    assert np.array_equal(hinted[0], hinted[1])


def test_variants_keep_the_hints(network: Path) -> None:
    assert np.array_equal(painted(network, varied=True, hints=True), painted(network, varied=False, hints=True))


@pytest.mark.parametrize("varied", [False, True])
def test_a_palette_gives_the_colours_of_every_variant(network: Path, varied: bool) -> None:
    palette = np.array([(12, 34, 56), (200, 90, 40), (90, 160, 70)], np.uint8)
    allowed = {WHITE, *(tuple(colour) for colour in palette.tolist())}
    assert colours_of(painted(network, varied=varied, palette=palette)) <= allowed
