"""Metrics with networks: small networks of the public layouts, against formulas by hand and against torchmetrics."""

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.core.errors import UsageError
from pipelines.metrics import fid, gram, kid, lpips
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.feature_networks import decode_features, vgg_features, vgg_layers

VGG16 = {0: (3, 4), 2: (4, 4), 5: (4, 6), 7: (6, 6), 10: (6, 8), 12: (8, 8), 14: (8, 8)}
VGG16 |= {17: (8, 8), 19: (8, 8), 21: (8, 8), 24: (8, 8), 26: (8, 8), 28: (8, 8)}
BLOCKS = (4, 6, 8, 8, 8)


def case(seed: int, size: int = 32) -> Case:
    result, truth = np.random.default_rng(seed).integers(0, 256, (2, size, size, 3), np.uint8)
    return Case("a", result, truth)


@pytest.fixture
def vgg(tmp_path: Path) -> str:
    """A VGG16 of few channels, with the names of torchvision and the heads of LPIPS, as a file."""
    torch.manual_seed(0)
    state = {}
    for number, (into, out) in VGG16.items():
        state[f"features.{number}.weight"] = torch.randn(out, into, 3, 3) * 0.3
        state[f"features.{number}.bias"] = torch.randn(out) * 0.1
    for block, width in enumerate(BLOCKS):
        state[f"lin{block}.model.1.weight"] = torch.rand(1, width, 1, 1)
    state["classifier.0.weight"] = torch.zeros(2, 2)  # public files have a classifier too
    torch.save(state, tmp_path / "vgg.pth")
    return str(tmp_path / "vgg.pth")


class Small(torch.nn.Module):
    """Features of a picture: the mean and the spread of each channel."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        flat = pictures.float().flatten(2)
        return torch.cat([flat.mean(2), flat.std(2)], dim=1)


@pytest.fixture
def script(tmp_path: Path) -> str:
    """A network of features as a TorchScript file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(Small()).save(str(tmp_path / "small.pt"))
    return str(tmp_path / "small.pt")


def test_pooling_is_read_off_the_gaps_in_the_numbers(vgg: str) -> None:
    assert [pool for _, _, pool in vgg_layers(vgg)] == [number in (5, 10, 17, 24) for number in VGG16]
    features = vgg_features(vgg, torch.rand(2, 3, 32, 32))
    assert [tuple(one.shape) for one in features] == [
        (2, width, 32 >> block, 32 >> block) for block, width in enumerate(BLOCKS)
    ]


def test_the_features_are_those_of_the_layers_one_after_the_other(vgg: str) -> None:
    state = torch.load(vgg, weights_only=True)
    layers: list[torch.nn.Module] = []
    for number, (into, out) in list(VGG16.items())[:4]:
        if number == 5:
            layers.append(torch.nn.MaxPool2d(2))
        convolution = torch.nn.Conv2d(into, out, 3, padding=1)
        convolution.weight.data, convolution.bias.data = (  # type: ignore[union-attr]
            state[f"features.{number}.weight"],
            state[f"features.{number}.bias"],
        )
        layers += [convolution, torch.nn.ReLU()]
    pictures = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(vgg_features(vgg, pictures)[1], torch.nn.Sequential(*layers)(pictures))


def test_identical_pictures_have_no_perceptual_distance(vgg: str) -> None:
    same = case(0)
    same = Case("a", same.truth, same.truth)
    assert lpips.Metric(vgg).measure(same) == 0
    assert gram.Metric(vgg).measure(same) == 0


def test_lpips_is_its_formula(vgg: str) -> None:
    shown = case(1)
    state = torch.load(vgg, weights_only=True)
    scale, shift = torch.tensor([0.458, 0.448, 0.450]), torch.tensor([-0.030, -0.088, -0.188])  # of LPIPS, for -1..1
    inputs = []
    for picture in (shown.result, shown.truth):
        inputs.append(((torch.from_numpy(picture) / 127.5 - 1 - shift) / scale).permute(2, 0, 1))
    total = 0.0
    with torch.no_grad():
        for block, found in enumerate(vgg_features(vgg, torch.stack(inputs))):
            unit = found / found.norm(dim=1, keepdim=True).clamp_min(1e-10)
            away = (unit[0] - unit[1]).square() * state[f"lin{block}.model.1.weight"][0]
            total += float(away.sum(0).mean())
    assert lpips.Metric(vgg).measure(shown) == pytest.approx(total, rel=1e-4)


def test_gram_does_not_ask_where_things_are(vgg: str) -> None:
    truth = case(2).truth
    turned = Case("a", np.ascontiguousarray(truth[:, ::-1]), truth)
    assert gram.Metric(vgg).measure(turned) < gram.Metric(vgg).measure(Case("a", truth // 3, truth))
    assert gram.Metric(vgg).measure(turned) > 0  # the kernels are not symmetric


def test_pictures_smaller_than_what_is_pooled_are_not_measured(vgg: str) -> None:
    assert lpips.Metric(vgg).measure(case(0, 15)) is None
    assert gram.Metric(vgg).measure(case(0, 15)) is None
    assert gram.Metric(vgg).measure(case(0, 16)) is not None


def test_a_file_that_is_no_vgg_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("hello")
    for name, words in (("other.pth", "not a VGG"), ("text.pth", "not a state dict")):
        with pytest.raises(UsageError, match=words):
            gram.Metric(str(tmp_path / name)).measure(case(0))


def frechet(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    from scipy.linalg import sqrtm

    covariances = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    mean = np.square(first.mean(0) - second.mean(0)).sum()
    return float(mean + np.trace(covariances[0] + covariances[1] - 2 * sqrtm(covariances[0] @ covariances[1]).real))


def test_features_of_a_torchscript_file_are_those_of_its_network(script: str) -> None:
    shown = case(4)
    text = fid.Metric(script).measure(shown)
    metric = fid.Metric()
    metric.take("a", text)
    batch = torch.from_numpy(np.stack([shown.result, shown.truth]).transpose(0, 3, 1, 2).copy())
    np.testing.assert_allclose(decode_features([text])[0], Small()(batch).numpy(), rtol=1e-5)
    assert math.isnan(metric.value()), "one picture is no distribution"


def test_small_sets_are_warned_of() -> None:
    for module in (fid, kid):
        assert "0 pictures: too few" in module.Metric().caution()


def test_fid_is_its_formula() -> None:
    pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (60, 4)), rng.normal(0.5, 2, (60, 4))
    assert fid.Metric().distance(first, second) == pytest.approx(frechet(first, second), rel=1e-3)


def test_kid_is_its_formula() -> None:
    pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (30, 4)), rng.normal(0.5, 2, (30, 4))

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return (a @ b.T / 4 + 1) ** 3

    own = sum((kernel(one, one).sum() - np.trace(kernel(one, one))) / (30 * 29) for one in (first, second))
    assert kid.Metric().distance(first, second) == pytest.approx(own - 2 * kernel(first, second).mean(), rel=1e-4)
