"""Facts about how fillnet colours drawings: variants, lively colours, palettes, the network's square."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.flatting.reading import LineReading
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import INFO, CheckpointInfo
from pipelines.inference.letterbox import letterbox
from pipelines.inference.model_source import ModelSource
from pipelines.inference.network import load_network
from pipelines.inference.types import ColorGuide, Drawing
from pipelines.models import fillnet
from pipelines.models.fillnet.inputs import GUESSED, UNKNOWN, FlatFill, fill_drawing, pack_inputs
from pipelines.models.fillnet.predictor import place_in_square, predict, softmax
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


# several drawings -------------------------------------------------------------------------------------------


def drawing(size: int, *, hinted: bool, seed: int = 0, varied: bool = False) -> Drawing:
    hints = drawings.two_hints(size) if hinted else np.zeros((size, size, 4), np.uint8)
    guide = ColorGuide(hints[:, 10:])
    rng = np.random.default_rng(seed)
    return Drawing(LineReading(drawings.two_circles(size)[:, 10:]), {"fills": guide}, rng, varied=varied)


def test_drawings_together_come_out_as_alone_whatever_stands_beside_them(network: Path) -> None:
    ready = load_network(str(network), json.loads((network / INFO).read_text())["weights_sha256"], "cpu")
    cases: list[dict[str, Any]] = [
        {"size": 64, "hinted": True},
        {"size": 97, "hinted": False, "varied": True},
        {"size": 80, "hinted": False, "seed": 3},
    ]
    together = predict(ready, [drawing(**case) for case in cases])
    for case, result in zip(cases, together, strict=True):
        (alone,) = predict(ready, [drawing(**case)])
        assert result.colour.shape == (case["size"], case["size"] - 10, 3)
        assert np.abs(alone.colour.astype(int) - result.colour).max() <= 1  # batches round otherwise
        assert np.array_equal(alone.areas, result.areas)


def test_what_the_network_saw_and_made_is_shown(network: Path) -> None:
    ready = load_network(str(network), json.loads((network / INFO).read_text())["weights_sha256"], "cpu")
    (result,) = predict(ready, [drawing(64, hinted=True)])
    assert set(result.steps) == set(fillnet.network_spec(TINY).steps)
    assert result.steps["input"].shape == (64, 54, 3), "the flat colour, at full size"
    assert max(result.steps["raw"].shape) == TINY.size


# the network's square ---------------------------------------------------------------------------------------


def filled(hinted: bool, *, width: int = 60) -> tuple[Bytes, FlatFill]:
    lines = np.ascontiguousarray(drawings.two_circles(96)[:, :width])
    hints = drawings.two_hints(96)[:, :width] if hinted else np.zeros((96, width, 4), np.uint8)
    return lines, fill_drawing(LineReading(lines), np.ascontiguousarray(hints))


@pytest.mark.parametrize(("hinted", "around"), [(True, GUESSED), (False, UNKNOWN)])
def test_what_lies_around_a_drawing_is_more_of_the_paper_outside(hinted: bool, around: int) -> None:
    lines, fill = filled(hinted)
    box = letterbox(lines, fill.hints, 64, least_hint=0)
    packed = place_in_square(fill, box)
    padding = np.ones((64, 64), bool)
    padding[box.roi] = False
    assert padding.any()
    assert (packed.lines[padding] == 255).all()
    assert (packed[1][padding] == 255).all(), "white"
    assert set(np.unique(packed[2][padding]).tolist()) == {around}
    assert not packed[3][padding].any()
    corner = packed.area_rank[box.roi][0, 0]
    assert (packed.area_rank[padding] == corner).all()


def test_the_drawing_itself_is_packed_as_it_is_without_a_square() -> None:
    lines, fill = filled(True)
    box = letterbox(lines, fill.hints, 64, least_hint=0)
    part = pack_inputs(box.lines[box.roi], box.hints[box.roi], fill)
    for inside, packed in zip(part, place_in_square(fill, box), strict=True):
        assert np.array_equal(packed[box.roi], inside)


def test_logits_become_shares_of_one_however_large_they_are() -> None:
    logits = np.array([[[0, 0, 0, 0], [1e4, 0, -1e4, 0], [300, 300, -np.inf, 0]]], np.float32)
    shares = softmax(logits)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=2), 1, rtol=1e-6)
    np.testing.assert_allclose(shares[0], [[0.25] * 4, [1, 0, 0, 0], [0.5, 0.5, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(softmax(logits[:, :1] + 7), shares[:, :1])
