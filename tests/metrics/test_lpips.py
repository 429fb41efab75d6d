"""LPIPS against its formula, with a small VGG."""

import pytest
import torch

from pipelines.metrics import lpips
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.feature_networks import vgg_features
from tests.metrics.networks import noise_case


def test_identical_pictures_have_no_perceptual_distance(vgg: str) -> None:
    truth = noise_case(0).truth
    assert lpips.Metric(vgg).measure(Case(truth, truth)) == 0


def test_lpips_is_its_formula(vgg: str) -> None:
    shown = noise_case(1)
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


def test_pictures_smaller_than_what_is_pooled_are_not_measured(vgg: str) -> None:
    assert lpips.Metric(vgg).measure(noise_case(0, 15)) is None
