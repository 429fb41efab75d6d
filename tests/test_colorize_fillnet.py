"""`colorize` with the network on flat colour, and when networks are loaded at all."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from pipelines.core.files import sha256_of_file
from pipelines.flatting.reading import LineReading
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import INFO, WEIGHTS, CheckpointInfo
from pipelines.inference.model_source import ModelSource
from pipelines.inference.network import load_network
from pipelines.inference.types import ColorGuide, Drawing
from pipelines.models import fillnet
from tests import drawings
from tests.conftest import Cli

Bytes = NDArray[np.uint8]
RED, BLUE, WHITE = drawings.RED, drawings.BLUE, drawings.WHITE
TINY = fillnet.Params(size=64, width=8, tokens=16)


@pytest.fixture(autouse=True)
def _networks_are_loaded_anew() -> Iterator[None]:
    yield
    load_network.cache_clear()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a fresh network: it changes nothing of the flat fill."""
    folder = tmp_path_factory.mktemp("network") / "fresh"
    torch.manual_seed(0)
    write_checkpoint(folder, CheckpointInfo("fillnet", asdict(TINY)), fillnet.build_network(TINY).state_dict())
    return folder


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """Three drawings of odd sizes with their hints."""
    for name, size in (("a", 96), ("b", 64), ("deep/c", 133)):
        drawings.write(tmp_path / "lines" / f"{name}.png", drawings.two_circles(size)[:, : size - 7])
        drawings.write(tmp_path / "hints" / f"{name}.png", drawings.two_hints(size)[:, : size - 7])
    return tmp_path


def counts(cli: Cli, *arguments: object) -> dict[str, int]:
    ran = cli("colorize", *arguments, "--json", "--quiet", "-j", 1)
    assert ran.code == 0, ran.err
    summary = json.loads(ran.out)
    return {name: summary[name] for name in ("done", "skipped", "failed")}


# files ------------------------------------------------------------------------------------------------------


def test_a_folder_is_coloured_at_its_own_size_with_the_hints_exactly(cli: Cli, art: Path, network: Path) -> None:
    given = ("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--model", network)
    ran = cli(*given, "--lines", "none", "-j", 1)
    assert ran.code == 0, ran.err
    for name in ("a", "b", "deep/c"):
        lines, result = drawings.read(art / "lines" / f"{name}.png"), drawings.read(art / "out" / f"{name}.png")
        assert result.shape == (*lines.shape, 3)
        assert {tuple(colour) for colour in np.unique(result.reshape(-1, 3), axis=0).tolist()} == {RED, BLUE, WHITE}


def test_batches_and_workers_change_no_byte(cli: Cli, art: Path, network: Path) -> None:
    given = ("colorize", art / "lines", "--model", network, "--hints", art / "hints")
    for name, jobs, size in (("one", 1, 1), ("batch", 1, 3), ("workers", 2, 2)):
        ran = cli(*given, "-o", art / name, "-j", jobs, "--batch-size", size)
        assert ran.code == 0, ran.err
    for name in ("a", "b", "deep/c"):
        found = {(art / way / f"{name}.png").read_bytes() for way in ("one", "batch", "workers")}
        assert len(found) == 1


def test_tinted_lines_have_the_networks_ink_and_kept_ones_their_own(cli: Cli, art: Path, network: Path) -> None:
    for mode in ("keep", "tint"):
        given = ("colorize", art / "lines" / "a.png", "-o", art / mode / "a.png", "--hints", art / "hints" / "a.png")
        assert cli(*given, "--model", network, "--lines", mode).code == 0
    ink = drawings.read(art / "lines" / "a.png") == 0
    kept, tinted = (drawings.read(art / mode / "a.png")[ink] for mode in ("keep", "tint"))
    assert (kept == 0).all()
    assert (tinted == tinted[0]).all()
    assert tinted[0].max() > 24  # a fresh network's ink is grey


# when networks are loaded -----------------------------------------------------------------------------------


class Loaded:
    """Counts how often networks are loaded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        load = ModelSource.load

        def counting(*arguments: Any, **options: Any) -> Any:
            self.times += 1
            return load(*arguments, **options)

        monkeypatch.setattr(ModelSource, "load", counting)


def test_no_network_is_loaded_where_there_is_nothing_to_do(
    cli: Cli, art: Path, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = Loaded(monkeypatch)
    given = (art / "lines", "-o", art / "out", "--hints", art / "hints", "--model", network)
    assert cli("colorize", *given, "--dry-run", "-j", 1).code == 0
    assert loaded.times == 0
    assert not (art / "out").exists()
    assert counts(cli, *given) == {"done": 3, "skipped": 0, "failed": 0}
    first = loaded.times
    assert first >= 1
    assert counts(cli, *given) == {"done": 0, "skipped": 3, "failed": 0}
    assert loaded.times == first
    (art / "out" / "b.png").unlink()
    assert counts(cli, *given) == {"done": 1, "skipped": 2, "failed": 0}
    assert loaded.times > first


def test_torch_is_not_loaded_where_there_is_nothing_to_do(
    cli: Cli, art: Path, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = (art / "lines", "-o", art / "out", "--hints", art / "hints", "--model", network)
    assert counts(cli, *given)["done"] == 3

    def unwanted(*_: object) -> None:
        raise AssertionError("the device is asked for, which needs torch")

    monkeypatch.setattr("pipelines.nn.devices.choose_device", unwanted)
    assert counts(cli, *given)["skipped"] == 3
    assert cli("colorize", *given, "--dry-run", "-j", 1).code == 0


def damaged(folder: Path, *, digest: bool) -> None:
    """Change a weight's shape; `digest`: and the card's digest with it."""
    weights = load_file(folder / WEIGHTS)
    weights["colour.weight"] = torch.zeros(3, 3)
    save_file(weights, folder / WEIGHTS)
    if digest:
        card = json.loads((folder / INFO).read_text())
        (folder / INFO).write_text(json.dumps(card | {"weights_sha256": sha256_of_file(folder / WEIGHTS)}))


@pytest.mark.parametrize("digest", [False, True])
@pytest.mark.parametrize("jobs", [1, 2])
def test_damaged_weights_end_a_run_before_any_picture(
    cli: Cli, art: Path, tmp_path: Path, digest: bool, jobs: int
) -> None:
    folder = tmp_path / "damaged"
    write_checkpoint(folder, CheckpointInfo("fillnet", asdict(TINY)), fillnet.build_network(TINY).state_dict())
    damaged(folder, digest=digest)
    ran = cli("colorize", art / "lines", "-o", art / "out", "--model", folder, "-j", jobs)
    assert ran.code == 2
    assert ran.out == ""
    assert "colour.weight" in ran.err or "is damaged" in ran.err
    assert "Traceback" not in ran.err
    assert not list(art.glob("out/**/*.png"))


# variants ---------------------------------------------------------------------------------------------------


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


def test_each_variant_of_a_drawing_is_another_one() -> None:
    canvas = Drawing(LineReading(drawings.two_circles(64)), {}, np.random.default_rng(0))
    again = Drawing(LineReading(drawings.two_circles(64)), {}, np.random.default_rng(0))
    draws = [one.variant().rng.random() for one in (canvas, canvas, again, again)]
    assert draws[:2] == draws[2:]
    assert draws[0] != draws[1]
    assert canvas.variant().varied
    assert not canvas.varied


def test_variants_keep_the_hints(network: Path) -> None:
    assert np.array_equal(painted(network, varied=True, hints=True), painted(network, varied=False, hints=True))


@pytest.mark.parametrize("varied", [False, True])
def test_a_palette_gives_the_colours_of_every_variant(network: Path, varied: bool) -> None:
    palette = np.array([(12, 34, 56), (200, 90, 40), (90, 160, 70)], np.uint8)
    allowed = {WHITE, *(tuple(colour) for colour in palette.tolist())}
    assert colours_of(painted(network, varied=varied, palette=palette)) <= allowed
