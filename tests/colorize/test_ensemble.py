"""Facts about the models of a run: when they are loaded, how many drawings they take together, what is one result."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.core.files import sha256_of_file
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import INFO, WEIGHTS, CheckpointInfo
from pipelines.inference.model_source import ModelSource
from pipelines.models import fillnet
from tests import drawings
from tests.conftest import Cli

RED, BLUE, WHITE = drawings.RED, drawings.BLUE, drawings.WHITE


TINY = fillnet.Params(size=64, width=8, tokens=16)


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
