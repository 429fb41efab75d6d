"""The stage `translate`: what the network is given, what comes back, that it is the same however it is run."""

from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import UsageError
from pipelines.core.imaging.picture import Picture
from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.inference.encoding import ENCODINGS
from pipelines.inference.network import Network
from pipelines.inference.types import NetworkSpec
from pipelines.models import pix2pix
from pipelines.translate import frame_input, translate, translate_pictures
from tests import drawings
from tests.conftest import files_in

Bytes = NDArray[np.uint8]
PARAMS = pix2pix.Params(generator="unet_128", ngf=4, ndf=4, input="picture", norm="instance")


def checkpoint(folder: Path, params: pix2pix.Params = PARAMS, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    network = pix2pix.build_network(params)
    for name, weight in network.named_parameters():
        if weight.ndim == 4 or "affine" in name:  # strong enough that its pictures are not all grey
            torch.nn.init.normal_(weight, 0, 0.1)
    write_checkpoint(folder, CheckpointInfo("pix2pix", asdict(params)), network.state_dict())
    return folder


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("maps") / "run" / "last")


def photo(height: int, width: int, seed: int = 0) -> Bytes:
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number, (name, shape) in enumerate({"a": (100, 160), "deep/b": (128, 128), "deep/c": (301, 90)}.items()):
        drawings.write(tmp_path / "in" / f"{name}.png", photo(*shape, seed=number))
    return tmp_path


def network(size: int = 64, change: object = None) -> Network:
    """What gives back what it is given, or its opposite."""
    spec = NetworkSpec(encoding=ENCODINGS["picture"], size=size, size_multiple=size, least_size=size)
    return Network((lambda inputs: [inputs]) if change is None else change, spec)  # type: ignore[arg-type]


def go(photos: Path, out: str, maps: Path, **options: object) -> list[Bytes]:
    jobs = int(options.pop("jobs", 1))  # type: ignore[call-overload]
    report = translate(
        [str(photos / "in")],
        str(photos / out),
        model=str(maps),
        device="cpu",
        batch=BatchSettings(jobs=jobs),
        **{"precision": "auto" if options.get("engine") == "onnx" or maps.suffix else "fp32"} | options,  # type: ignore[arg-type]
    )
    assert report.counts["failed"] == 0, report
    return [drawings.read(photos / out / name) for name in files_in(photos / out)]


# what the network is given -----------------------------------------------------------------------------------


def test_a_network_that_changes_nothing_gives_the_picture_back() -> None:
    for shape in ((64, 64), (32, 64), (64, 40)):
        picture = photo(*shape)
        (result,) = translate_pictures(network(), [frame_input(Picture(picture), (64, 64))])
        assert np.array_equal(result, picture)


@pytest.mark.parametrize("shape", [(200, 320), (7, 90), (1, 1), (333, 64)])
def test_results_have_the_size_of_their_pictures(shape: tuple[int, int]) -> None:
    picture = photo(*shape)
    framed = frame_input(Picture(picture), (64, 64))
    assert framed.frame.shape == (64, 64, 3)
    (result,) = translate_pictures(network(), [framed])
    assert result.shape == picture.shape
    if min(shape) > 64:
        assert np.abs(result.astype(int) - picture).mean() < 4  # it is smooth: enlarged again nearly itself
    assert framed.scale == pytest.approx(max(shape) / 64)


def test_a_picture_lies_in_its_frame_as_in_a_dataset() -> None:
    picture = np.full((40, 80, 3), (20, 90, 160), np.uint8)
    picture[10:30, 20:60] = 250
    frame = frame_input(Picture(picture), (64, 64)).frame
    assert tuple(frame[2, 2]) == (20, 90, 160), "its own ground around it"
    noisy = frame_input(Picture(photo(40, 80)), (64, 64)).frame
    assert tuple(noisy[2, 2]) == (255, 255, 255), "white where it has none"


def test_alpha_stays_and_what_is_seen_through_is_white(photos: Path, maps: Path) -> None:
    picture = photo(50, 50)
    alpha = np.zeros((50, 50), np.uint8)
    alpha[10:40, 5:45] = 255
    frame = frame_input(Picture(picture, alpha), (50, 50)).frame
    assert (frame[alpha == 0] == 255).all()
    drawings.write(photos / "in" / "cut.png", np.dstack([picture, alpha]))
    go(photos, "out", maps)
    result = drawings.read(photos / "out" / "cut.png")
    assert np.array_equal(result[..., 3], alpha)


# however it is run -------------------------------------------------------------------------------------------


def test_results_are_the_network_s_and_alike_in_any_batch_and_with_any_workers(photos: Path, maps: Path) -> None:
    together = go(photos, "together", maps)
    alone = go(photos, "alone", maps, batch_size=1)
    shared = go(photos, "shared", maps, jobs=2)
    assert files_in(photos / "together") == ["a.png", "deep/b.png", "deep/c.png"]
    for one, other, third in zip(together, alone, shared, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1
        assert np.array_equal(one, third)
    for name in files_in(photos / "together"):
        assert (photos / "together" / name).read_bytes() == (photos / "shared" / name).read_bytes()
    source = drawings.read(photos / "in" / "deep/b.png")
    assert np.abs(together[1].astype(int) - source).mean() > 20


def test_what_is_unchanged_is_skipped_until_the_weights_change(photos: Path, maps: Path, tmp_path: Path) -> None:
    arguments = ([str(photos / "in")], str(photos / "out"))
    settings = BatchSettings(jobs=1)
    assert translate(*arguments, model=str(maps), device="cpu", batch=settings).counts["done"] == 3
    again = translate(*arguments, model=str(maps), device="cpu", batch=settings)
    assert (again.counts["done"], again.counts["skipped"]) == (0, 3)
    other = checkpoint(tmp_path / "other", seed=1)
    assert translate(*arguments, model=str(other), device="cpu", batch=settings).counts["done"] == 3


def test_onnx_gives_the_same_pictures(photos: Path, maps: Path) -> None:
    pytest.importorskip("onnxruntime")
    from pipelines.convert_models import export_model

    export_model(str(maps), str(photos / "maps.onnx"))
    by_torch = go(photos, "torch", maps)
    for number, results in enumerate((go(photos, "file", photos / "maps.onnx"), go(photos, "e", maps, engine="onnx"))):
        for one, other in zip(by_torch, results, strict=True):
            assert np.abs(one.astype(int) - other).max() <= 2, number


def test_half_precision_is_near_and_another_result(photos: Path, maps: Path) -> None:
    whole, half = go(photos, "out", maps), go(photos, "half", maps, precision="bf16")
    for one, other in zip(whole, half, strict=True):
        assert 0 < np.abs(one.astype(int) - other).mean() < 2
    settings = BatchSettings(jobs=1)
    arguments = {"model": str(maps), "device": "cpu", "batch": settings, "precision": "bf16"}
    again = translate([str(photos / "in")], str(photos / "out"), **arguments)  # type: ignore[arg-type]
    assert again.counts["skipped"] == 0


# domains -----------------------------------------------------------------------------------------------------


def test_a_domain_is_chosen_by_its_name(photos: Path, tmp_path: Path) -> None:
    params = pix2pix.Params(generator="unet_128", ngf=4, ndf=4, input="picture", norm="adain", domains="day,night")
    by_domain = checkpoint(tmp_path / "domains", params)
    first, day, night = (go(photos, f"out-{domain}", by_domain, domain=domain)[0] for domain in (None, "day", "night"))
    assert np.array_equal(first, day)
    assert np.abs(day.astype(int) - night).mean() > 5
    pytest.importorskip("onnxruntime")
    exported = go(photos, "onnx", by_domain, domain="night", engine="onnx")[0]
    assert np.abs(exported.astype(int) - night).max() <= 2
    with pytest.raises(UsageError, match="no domain 'dusk'") as raised:
        go(photos, "out", by_domain, domain="dusk")
    assert "day, night" in raised.value.hint


# what is refused ---------------------------------------------------------------------------------------------


def test_a_model_of_line_art_is_refused_by_the_command_that_it_needs(photos: Path, maps: Path, tmp_path: Path) -> None:
    colours = checkpoint(tmp_path / "colours", pix2pix.Params(generator="unet_128", ngf=2, ndf=2))
    for model, target in ((str(colours), str(colours)), ("flat", "flat"), ("fillnet", "fillnet")):
        with pytest.raises(UsageError, match="reads line art, no pictures") as raised:
            translate([str(photos / "in")], str(photos / "out"), model=model, device="cpu")
        assert "colorize-cli colorize IN -o OUT --model" in raised.value.hint
        assert target in raised.value.hint
    with pytest.raises(UsageError, match="paints in no domains"):
        translate([str(photos / "in")], str(photos / "out"), model=str(maps), domain="day", device="cpu")
    assert not (photos / "out").exists()
