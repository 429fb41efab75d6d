"""What every layer format keeps."""

from typing import Any

import numpy as np
import pytest

from pipelines.core.errors import MethodError
from pipelines.core.imaging.layers import Document, Layer
from pipelines.exports import ora, png, psd
from tests.exports.documents import document


@pytest.mark.parametrize("form", [ora, psd, png], ids=lambda form: form.__name__.rpartition(".")[2])
def test_the_same_document_is_the_same_bytes_under_the_promised_names(form: Any) -> None:
    made = document()
    assert form.write(made) == form.write(made)
    assert tuple(form.write(made)) == form.files([layer.name for layer in made.layers])


@pytest.mark.parametrize("form", [ora, psd])
def test_a_blend_mode_that_a_format_lacks_is_refused(form: Any) -> None:
    layer = Layer("odd", np.full((2, 2, 4), 255, np.uint8), mode="grain-merge")
    with pytest.raises(MethodError, match="grain-merge"):
        form.write(Document(2, 2, (layer,), np.zeros((2, 2, 3), np.uint8)))
