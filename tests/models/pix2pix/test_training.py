"""Training with the switches of pix2pix: exact resume, plain files, four pairs by heart, a network for two domains."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipelines.build_dataset import Recipe, build_dataset
from pipelines.build_dataset.options import Splitting
from pipelines.convert_models import export_model
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import UsageError
from pipelines.core.imaging.framing import Framing
from pipelines.models import pix2pix
from pipelines.train import train
from pipelines.translate import translate
from tests import drawings
from tests.maps import draw_pair, write_pairs
from tests.runs import OFTEN, VALUES, Watcher, content, go, metrics

pytestmark = pytest.mark.usefixtures("one_thread")

CRITIC = {"norm": "instance", "gan": "wgan-gp", "generator_gan": "bce", "critic_steps": "3", "l1_weight": "10"}
ALL = CRITIC | {"layers_d": "2", "spectral_norm": "both", "attention": "both", "skips": "gated"}


def build(folder: Path, count: int, **recipe: Any) -> Path:
    """A dataset of made-up aerial photographs and their maps."""
    report = build_dataset(
        [str(write_pairs(folder / "pairs", count))],
        str(folder / "dataset"),
        reading="AB",
        recipe=Recipe(Framing((128, 128)), hints=("none",), **recipe),
        splitting=Splitting(keep=True),
        batch=BatchSettings(jobs=1),
    )
    assert report.counts["failed"] == 0
    return folder / "dataset"


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("maps"), 12, input="picture")


@pytest.mark.parametrize("values", [CRITIC | {"input": "picture"}, ALL | {"input": "picture"}])
@pytest.mark.parametrize("settings", [{}, {"gradient_checkpointing": True, "accumulate": 2, "precision": "bf16"}])
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(
    maps: Path, tmp_path: Path, values: dict[str, str], settings: dict[str, Any]
) -> None:
    go(maps, tmp_path / "straight", values=values, steps=7, **settings)
    for stop in (1, 5):
        go(maps, tmp_path / "stopped", values=values, steps=7, watcher=Watcher(stop), **settings)
    go(maps, tmp_path / "stopped", values=values, steps=7, **settings)
    assert content(tmp_path / "stopped") == content(tmp_path / "straight")
    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "straight")


def test_a_generator_is_kept_under_plain_names_whatever_it_learned_with(maps: Path, tmp_path: Path) -> None:
    values = {"spectral_norm": "both", "norm": "instance", "input": "picture"}
    go(maps, tmp_path / "run", values=values, steps=2, ema=0.0)
    kept = load_file(tmp_path / "run" / "last" / "weights.safetensors")
    params = pix2pix.Params(generator="unet_128", ngf=4, ndf=4, layers_d=1, norm="instance", input="picture")
    assert set(kept) == set(pix2pix.build_network(params).state_dict())
    training = load_file(tmp_path / "run" / "last" / "training.safetensors")
    learned = {name: tensor for name, tensor in training.items() if "networks.generator" in name}
    assert any("parametrizations" in name for name in learned), "the run goes on with what it learns"
    export_model(str(tmp_path / "run"), str(tmp_path / "G.pth"))
    assert set(torch.load(tmp_path / "G.pth", weights_only=True)) == set(kept)


def test_a_run_with_spectral_norm_begins_with_the_weights_of_one_without(maps: Path, tmp_path: Path) -> None:
    plain = {"norm": "instance", "input": "picture", "dropout": "false"}
    go(maps, tmp_path / "plain", values=plain, steps=2)
    still = {"steps": 1, "learning_rate": 1e-30, "ema": 0.0}
    report = go(
        maps, tmp_path / "run", values=plain | {"spectral_norm": "both"}, start=str(tmp_path / "plain"), **still
    )
    assert "initial weights stay" not in report.notes[0], report.notes
    before, after = (load_file(tmp_path / name / "last" / "weights.safetensors") for name in ("plain", "run"))
    for name, weight in before.items():
        if weight.ndim == 4:  # divided by its largest singular value
            factors = after[name].flatten() / weight.flatten()
            assert factors.std() < 1e-4 * factors.mean(), name
            assert factors.mean() > 1, name


@pytest.mark.parametrize(
    ("values", "part"), [({"skips": "summed"}, "skips=summed"), ({"attention": "generator"}, "attention=generator")]
)
def test_what_no_reference_file_holds_goes_out_as_onnx_alone(
    maps: Path, tmp_path: Path, values: dict[str, str], part: str
) -> None:
    go(maps, tmp_path / "run", values=values | {"input": "picture"}, steps=1)
    with pytest.raises(UsageError, match=f"have no {part}") as raised:
        export_model(str(tmp_path / "run"), str(tmp_path / "G.pth"))
    assert "onnx" in raised.value.hint
    pytest.importorskip("onnxruntime")
    export_model(str(tmp_path / "run"), str(tmp_path / "G.onnx"))
    drawings.write(tmp_path / "in" / "a.png", draw_pair(3)[0])
    results = []
    for model in ("run", "G.onnx"):
        report = translate([str(tmp_path / "in")], str(tmp_path / model[:3]), model=str(tmp_path / model), device="cpu")
        assert report.counts["done"] == 1
        results.append(drawings.read(tmp_path / model[:3] / "a.png").astype(int))
    assert np.abs(results[0] - results[1]).max() <= 2


def test_the_generator_moves_once_in_three_steps(maps: Path, tmp_path: Path) -> None:
    kept = []
    for steps in (2, 3):
        run = tmp_path / f"{steps}"
        report = go(maps, run, values=CRITIC | {"input": "picture"}, steps=steps, ema=0.0)
        kept.append(load_file(run / "last" / "weights.safetensors"))
        assert "one of 3" in report.notes[0]
    assert any(not torch.equal(before, kept[1][name]) for name, before in kept[0].items())
    rows = metrics(tmp_path / "2")
    assert not any("generator_l1" in row for row in rows), "it has not moved yet"


def test_four_pairs_of_maps_are_learned_by_heart(maps: Path, tmp_path: Path) -> None:
    four = build(tmp_path, 4, input="picture")
    values = {"ngf": "16", "norm": "instance", "input": "picture", "dropout": "false", "skips": "gated"}
    settings = {"steps": 60, "batch_size": 4, "learning_rate": 2e-3, "ema": 0.0, "flip": False, "validate_every": 60}
    report = go(four, tmp_path / "run", values=values, **settings)
    assert report.figures["val_psnr"] > 15  # 9 for one colour


# domains -----------------------------------------------------------------------------------------------------


def test_two_domains_are_told_apart(maps: Path, tmp_path: Path) -> None:
    """The same photographs, once to maps and once to their negatives: only the domain can tell which."""
    other = tmp_path / "negatives"
    for number in range(12):
        aerial, drawn = draw_pair(number)
        drawings.write(other / "pairs" / f"{number:04d}.png", np.hstack([aerial, 255 - drawn]))
    build_dataset(
        [str(other / "pairs")],
        str(other / "dataset"),
        reading="AB",
        recipe=Recipe(Framing((128, 128)), hints=("none",), input="picture"),
        batch=BatchSettings(jobs=1),
    )
    values = {"norm": "adain", "domains": "maps,negatives", "l1_weights": "maps=100,negatives=100", "input": "picture"}
    settings = OFTEN | {"steps": 60, "batch_size": 4, "learning_rate": 4e-3, "validate_every": 60}
    options: dict[str, Any] = {
        "values": VALUES["pix2pix"] | values | {"ngf": "8"},
        "settings": settings,
        "device": "cpu",
    }
    train([maps, other / "dataset"], tmp_path / "run", model="pix2pix", **options)
    drawings.write(tmp_path / "in" / "a.png", draw_pair(3)[0])
    brightness = {}
    for domain in ("maps", "negatives"):
        translate(
            [str(tmp_path / "in")], str(tmp_path / domain), model=str(tmp_path / "run"), domain=domain, device="cpu"
        )
        brightness[domain] = drawings.read(tmp_path / domain / "a.png").mean()
    assert brightness["maps"] > brightness["negatives"] + 30
    with pytest.raises(UsageError, match="there are 2 domains, maps, negatives, and 1 datasets"):
        train([maps], tmp_path / "alone", model="pix2pix", **options)


def test_the_report_says_that_it_turns_pictures_into_others(
    maps: Path, train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    assert go(maps, tmp_path / "maps", values={"input": "picture"}, steps=1).reads_pictures
    assert not go(train_pairs["pix2pix"], tmp_path / "colours", steps=1).reads_pictures
