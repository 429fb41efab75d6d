"""Weights by name from files: both formats, prefixes, and what is refused."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pipelines.core.errors import UsageError
from pipelines.nn.pretrained.state_dicts import read_state_dict


class Trap:
    """A pickle of it wants to run something."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("it ran",)


def test_both_formats_give_the_same_without_prefixes(tmp_path: Path) -> None:
    weights = {"module.features.0.weight": torch.arange(4.0), "_orig_mod.bias": torch.ones(1, dtype=torch.float16)}
    torch.save(OrderedDict(weights), tmp_path / "a.pth")
    save_file(weights, tmp_path / "a.safetensors")
    for name in ("a.pth", "a.safetensors"):
        state = read_state_dict(str(tmp_path / name), hint="")
        assert set(state) == {"features.0.weight", "bias"}
        assert torch.equal(state["features.0.weight"], torch.arange(4.0))
        assert state["bias"].dtype == torch.float16, "of whatever precision the file has"


def test_code_in_a_pickle_is_named_and_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"weight": torch.ones(1), "more": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(UsageError, match=r"trap\.pth is refused: beside weights its pickle wants to run .*print"):
        read_state_dict(str(tmp_path / "trap.pth"), hint="")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "no weights by name"),
        ([torch.ones(1)], "no weights by name"),
        ({"epoch": 3}, "epoch is no tensor"),
        ({"weight": torch.eye(2).to_sparse()}, "dense weights: weight is sparse"),
        ({"weight": torch.ones(2, device="meta")}, "dense weights: weight has no numbers"),
    ],
)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(UsageError, match=message) as raised:
        read_state_dict(str(tmp_path / "other.pth"), hint="Give another")
    assert raised.value.hint.startswith("Give another")


@pytest.mark.parametrize("name", ["junk.pth", "junk.safetensors"])
def test_damaged_and_missing_files_are_one_line(tmp_path: Path, name: str) -> None:
    for call, message in (
        (lambda: None, "is no file"),
        (lambda: (tmp_path / name).write_bytes(b"junk" * 99), "damaged"),
    ):
        call()
        with pytest.raises(UsageError, match=message) as raised:
            read_state_dict(str(tmp_path / name), hint="Give another")
        assert "\n" not in raised.value.message


def test_names_in_a_file_are_shown_with_their_escapes(tmp_path: Path) -> None:
    torch.save({"\x1b[31mlayer": 3}, tmp_path / "weights.pth")
    with pytest.raises(UsageError, match=r"no state dict: \\x1b\[31mlayer is no tensor") as raised:
        read_state_dict(str(tmp_path / "weights.pth"), hint="Give another")
    assert str(raised.value).isprintable()
