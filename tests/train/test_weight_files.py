"""Files of weights that a model is given: refused before any work, told apart by their digests."""

from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.core.errors import UsageError
from pipelines.train.weight_files import describe_files, weight_file_digests


def model_with(**files: str) -> ModuleType:
    module = ModuleType("painter")
    module.weight_files = lambda params: files  # type: ignore[attr-defined]
    return module


def test_each_file_is_named_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "vgg.pth").write_bytes(b"weights")
    digests = weight_file_digests(model_with(vgg=str(tmp_path / "vgg.pth")), None)
    assert digests == {"vgg": sha256(b"weights").hexdigest()}
    assert weight_file_digests(ModuleType("plain"), None) == {}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "the weights 'vgg' are needed"),
        ("no.pth", "vgg: no.pth is no file"),
        (".", r"vgg: \. is no file"),
    ],
)
def test_a_file_that_is_not_there_is_refused_with_what_to_type(path: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        weight_file_digests(model_with(vgg=path), None)
    assert raised.value.hint == "Give the file: --set vgg=FILE"


def test_all_files_that_are_not_there_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "good.pth").write_bytes(b"weights")
    model = model_with(features="", vgg="no.pth", other=str(tmp_path / "good.pth"))
    with pytest.raises(UsageError) as raised:
        weight_file_digests(model, None)
    assert raised.value.message == "the weights 'features' are needed; vgg: no.pth is no file"
    assert raised.value.hint == "Give the files: --set features=FILE --set vgg=FILE"


def test_a_model_that_says_more_of_its_files_is_quoted() -> None:
    model = model_with(features="", vgg="")
    vars(model).update(
        WEIGHT_FILES={"features": ("Illustration2Vec", "features=none"), "vgg": ("VGG16", "content=pixels")},
        PRESETS={"standard": 1, "small": 2},
        weight_files=lambda preset: {} if preset == 2 else {"features": "", "vgg": ""},
    )
    with pytest.raises(UsageError, match=r"^painter needs the weights of Illustration2Vec and of VGG16[.]") as raised:
        weight_file_digests(model, 1)
    assert raised.value.hint == (
        "Give the files: --set features=FILE --set vgg=FILE; or do without: --set features=none --set content=pixels; "
        "or use --preset small"
    )


def test_a_file_that_lies_elsewhere_now_is_the_same_file() -> None:
    before = {"params": {"vgg": "old/vgg.pth"}, "weight_files": {"vgg": "1234"}}
    params = {"vgg": "new/vgg.pth", "width": 8}
    assert describe_files({"vgg": "1234"}, params, before) == {"weight_files": {"vgg": "1234"}}
    assert params == {"vgg": "old/vgg.pth", "width": 8}
    params = {"vgg": "new/vgg.pth"}
    describe_files({"vgg": "9999"}, params, before)
    assert params == {"vgg": "new/vgg.pth"}
    assert describe_files({}, params, {}) == {}
