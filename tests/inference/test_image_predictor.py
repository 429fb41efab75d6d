"""Facts about networks that paint whole pictures: no padding in them, no neighbour in a batch, full size."""

import pytest

from pipelines.inference.image_predictor import predict_pictures
from pipelines.inference.letterbox import letterbox
from tests.inference.means import network
from tests.inference.scenes import circle, no_hints


def test_drawings_painted_together_come_out_as_alone_each_without_its_padding() -> None:
    given = [letterbox(circle(*shape), no_hints(*shape), 32) for shape in ((60, 90), (90, 60), (64, 64))]
    together = predict_pictures(network(), given)
    assert [picture.shape for picture in together] == [(22, 32, 3), (32, 22, 3), (32, 32, 3)]
    for sheet, picture in zip(given, together, strict=True):
        assert (predict_pictures(network(), [sheet])[0] == picture).all()
        assert float(picture[0, 0, 0]) == pytest.approx(float(sheet.lines.mean()), abs=0.01)
