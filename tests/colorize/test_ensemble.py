"""Facts about the models of a run: when they are loaded, how many drawings they take together, what is one result."""

import json
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.colorize import RunOptions
from pipelines.colorize import ensemble as ensemble_module
from pipelines.colorize.ensemble import Ensemble
from pipelines.core.files import sha256_of_file
from pipelines.core.settings import digest, plain
from pipelines.flatting.reading import LineReading
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import INFO, WEIGHTS, CheckpointInfo
from pipelines.inference.merging import ResolvedMerge
from pipelines.inference.model_source import ModelSource
from pipelines.inference.types import ColorGuide, Drawing
from pipelines.models import fillnet, flat
from tests import drawings
from tests.conftest import Cli

TINY = fillnet.Params(size=64, width=8, tokens=16)


LIMIT = 12 * 1024 * 1024  # numbers in pictures of four megapixels

pytestmark = pytest.mark.usefixtures("networks_are_loaded_anew")


class Loaded:
    """Counts how often networks are loaded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        load = ModelSource.load

        def counting(*arguments: Any, **options: Any) -> Any:
            self.times += 1
            return load(*arguments, **options)

        monkeypatch.setattr(ModelSource, "load", counting)


def counts(cli: Cli, *arguments: object) -> dict[str, int]:
    ran = cli("colorize", *arguments, "--json", "--quiet", "-j", 1)
    assert ran.code == 0, ran.err
    summary = json.loads(ran.out)
    return {name: summary[name] for name in ("done", "skipped", "failed")}


def test_no_network_is_loaded_where_there_is_nothing_to_do(
    cli: Cli, three_drawings: Path, fresh_fillnet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = Loaded(monkeypatch)
    given = (
        three_drawings / "lines",
        "-o",
        three_drawings / "out",
        "--hints",
        three_drawings / "hints",
        "--model",
        fresh_fillnet,
    )
    assert cli("colorize", *given, "--dry-run", "-j", 1).code == 0
    assert loaded.times == 0
    assert not (three_drawings / "out").exists()
    assert counts(cli, *given) == {"done": 3, "skipped": 0, "failed": 0}
    first = loaded.times
    assert first >= 1
    assert counts(cli, *given) == {"done": 0, "skipped": 3, "failed": 0}
    assert loaded.times == first
    (three_drawings / "out" / "b.png").unlink()
    assert counts(cli, *given) == {"done": 1, "skipped": 2, "failed": 0}
    assert loaded.times > first


def test_torch_is_not_loaded_where_there_is_nothing_to_do(
    cli: Cli, three_drawings: Path, fresh_fillnet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = (
        three_drawings / "lines",
        "-o",
        three_drawings / "out",
        "--hints",
        three_drawings / "hints",
        "--model",
        fresh_fillnet,
    )
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
    cli: Cli, three_drawings: Path, tmp_path: Path, digest: bool, jobs: int
) -> None:
    folder = tmp_path / "damaged"
    write_checkpoint(folder, CheckpointInfo("fillnet", asdict(TINY)), fillnet.build_network(TINY).state_dict())
    damaged(folder, digest=digest)
    ran = cli("colorize", three_drawings / "lines", "-o", three_drawings / "out", "--model", folder, "-j", jobs)
    assert ran.code == 2
    assert ran.out == ""
    assert "colour.weight" in ran.err or "is damaged" in ran.err
    assert "Traceback" not in ran.err
    assert not list(three_drawings.glob("out/**/*.png"))


# how many together ------------------------------------------------------------------------------------------

FLAT = ModelSource("flat", "flat", flat.Params())
LIGHT = ModelSource("fillnet", "fillnet", asdict(TINY), "/there/is/no/net", "1234")
HEAVY = ModelSource("pix2pix", "pix2pix", {"generator": "unet_128"}, "/there/is/no/other", "5678")


@pytest.mark.parametrize(
    ("models", "device", "size"),
    [
        ((FLAT,), "cpu", 1),
        ((FLAT,), "cuda", 1),
        ((LIGHT,), "cpu", 1),
        ((HEAVY,), "cpu", 8),
        ((HEAVY, LIGHT), "cpu", 8),
        ((FLAT, HEAVY), "cpu", 8),
        ((LIGHT,), "cuda", 32),
        ((HEAVY,), "cuda", 32),
        ((HEAVY,), "mps", 16),
    ],
)
def test_drawings_are_taken_together_where_that_gains_something(
    models: tuple[ModelSource, ...], device: str, size: int
) -> None:
    assert Ensemble(models, run=RunOptions(device)).batch_size == size
    chosen = Ensemble(models, run=RunOptions(device, batch_size=5)).batch_size
    assert chosen == (5 if any(model.is_network for model in models) else 1)


@pytest.mark.parametrize(
    ("sizes", "batches"),
    [
        ([LIMIT - 1, 1, 1], [[LIMIT - 1, 1], [1]]),
        ([1] * 5, [[1] * 5]),
        ([LIMIT, LIMIT, 3], [[LIMIT], [LIMIT], [3]]),
        ([5 * LIMIT], [[5 * LIMIT]]),
        ([2, 3 * LIMIT, 4], [[2, 3 * LIMIT], [4]]),
        ([], []),
    ],
)
def test_on_a_cpu_no_more_are_held_at_once_than_four_megapixels(sizes: list[int], batches: list[list[int]]) -> None:
    ensemble = Ensemble((HEAVY,), run=RunOptions("cpu"))
    assert [list(batch) for batch in ensemble.in_batches(lambda size: size, lambda size: size, sizes)] == batches


def test_a_batch_is_read_when_the_one_before_is_done() -> None:
    read: list[int] = []

    def reading(number: int) -> int:
        read.append(number)
        return number

    batches = iter(Ensemble((HEAVY,), run=RunOptions("cpu")).in_batches(reading, lambda _: LIMIT, [1, 2, 3]))
    next(batches)
    assert read == [1]
    next(batches)
    assert read == [1, 2]


def test_a_fast_device_has_them_all_at_once_and_in_their_order() -> None:
    ensemble = Ensemble((HEAVY,), run=RunOptions("cuda"))
    numbers = list(range(40))
    (batch,) = ensemble.in_batches(lambda number: 10 * number, lambda _: LIMIT, numbers)
    assert batch == [10 * number for number in numbers]
    assert ensemble.each(lambda number: -number, numbers) == [-number for number in numbers]


def test_threads_are_for_a_device_that_waits_for_them() -> None:
    def name(_: int) -> str:
        return threading.current_thread().name

    here = threading.current_thread().name
    assert Ensemble((FLAT,), run=RunOptions("cpu")).each(name, range(3)) == [here] * 3
    assert here not in Ensemble((FLAT,), run=RunOptions("cuda")).each(name, range(3))


# what they are ----------------------------------------------------------------------------------------------


def test_results_depend_on_the_weights_and_not_on_where_they_lie_or_run() -> None:
    here = Ensemble((HEAVY, FLAT), run=RunOptions("cpu", 3))
    moved = Ensemble((replace(HEAVY, checkpoint="/elsewhere", engine="onnx"), FLAT), run=RunOptions("cuda", 9))
    assert here.identity == moved.identity
    others = [
        Ensemble((replace(HEAVY, weights="0"), FLAT)),
        Ensemble((replace(HEAVY, label="mine"), FLAT)),
        Ensemble((HEAVY, replace(FLAT, params=flat.Params(gap=3)))),
        Ensemble((FLAT, HEAVY)),
        Ensemble((replace(HEAVY, precision="auto"), FLAT)),
        Ensemble((replace(HEAVY, precision="bf16"), FLAT)),
        Ensemble((HEAVY, FLAT), ResolvedMerge("divide", "flat", ("pix2pix",), 0.1)),
    ]
    digests = [digest(plain(other.identity)) for other in (here, *others)]
    assert len(set(digests)) == len(digests)


def test_each_kind_of_hints_is_asked_for_once() -> None:
    assert Ensemble((FLAT, LIGHT)).hint_presets == ("fills",)
    assert Ensemble((FLAT, HEAVY, LIGHT)).hint_presets == Ensemble((HEAVY, FLAT)).hint_presets == ("discs", "fills")


def test_each_models_result_has_its_label_and_one_alone_is_the_result() -> None:
    guide = ColorGuide(drawings.two_hints(64))
    drawing = Drawing(LineReading(drawings.two_circles(64)), {"fills": guide}, np.random.default_rng(0))
    models = (FLAT, replace(FLAT, label="paper", params=flat.Params(guess=False)))
    (results,) = Ensemble(models, run=RunOptions("cpu")).predict([drawing])
    assert list(results) == ["flat", "paper"]
    assert Ensemble(models[:1]).merged(results, drawing) is results["flat"]
    merge = ResolvedMerge("normal", "paper", ("flat",), 1.0)
    assert np.array_equal(Ensemble(models, merge).merged(results, drawing).colour, merge.merge(results).colour)


def test_in_a_merge_hints_keep_their_colours_unless_asked_otherwise() -> None:
    hints = drawings.two_hints(64)
    drawing = Drawing(LineReading(drawings.two_circles(64)), {"fills": ColorGuide(hints)}, np.random.default_rng(0))
    models = (FLAT, replace(FLAT, label="again"))
    ensemble = Ensemble(models, ResolvedMerge("multiply", "flat", ("again",), 1.0), RunOptions("cpu"))
    (results,) = ensemble.predict([drawing])
    at = hints[..., 3] == 255
    kept = ensemble.merged(results, drawing).colour[at] == hints[..., :3][at]
    assert kept.all()
    shaded = ensemble.merged(results, replace(drawing, snap=False)).colour[at] == hints[..., :3][at]
    assert not shaded.all(), "colours multiplied by themselves are darker"


@pytest.mark.parametrize(("device", "workers"), [("cpu", 7), ("cuda", 1)])
def test_one_worker_has_a_fast_device_and_a_cpu_all_of_them(
    monkeypatch: pytest.MonkeyPatch, device: str, workers: int
) -> None:
    monkeypatch.setattr(ensemble_module, "device_for", lambda networks, wanted: device)
    ready, allowed = Ensemble((FLAT,)).prepared(7)
    assert (ready.run.device, allowed) == (device, workers)
    assert ready.run.batch_size is None and ready.models == (FLAT,)
