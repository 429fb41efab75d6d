"""The distance of Gram matrices, with a small VGG."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.core.errors import UsageError
from pipelines.metrics import gram
from pipelines.metrics.base.case import Case
from tests.metrics.networks import noise_case


def test_identical_pictures_have_no_distance_of_style(vgg: str) -> None:
    truth = noise_case(0).truth
    assert gram.Metric(vgg).measure(Case(truth, truth)) == 0


def test_gram_does_not_ask_where_things_are(vgg: str) -> None:
    truth = noise_case(2).truth
    turned = Case(np.ascontiguousarray(truth[:, ::-1]), truth)
    assert gram.Metric(vgg).measure(turned) < gram.Metric(vgg).measure(Case(truth // 3, truth))
    assert gram.Metric(vgg).measure(turned) > 0  # the kernels are not symmetric


def test_pictures_smaller_than_what_is_pooled_are_not_measured(vgg: str) -> None:
    assert gram.Metric(vgg).measure(noise_case(0, 15)) is None
    assert gram.Metric(vgg).measure(noise_case(0, 16)) is not None


def test_a_file_that_is_no_vgg_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("hello")
    for name, words in (("other.pth", "not a VGG"), ("text.pth", "no file of torch weights")):
        with pytest.raises(UsageError, match=words):
            gram.Metric(str(tmp_path / name)).measure(noise_case(0))
