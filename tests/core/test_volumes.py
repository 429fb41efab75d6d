"""Which names a volume takes for one."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.core.volumes import Naming, naming_in

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Größe") for form in ("NFC", "NFD"))


def test_keys_are_equal_where_names_are_one() -> None:
    assert Naming().key("A") != Naming().key("a")
    assert Naming(folds_case=True).key(f"Hero/{COMPOSED}") == Naming(folds_case=True).key("hero/GRÖßE")
    assert Naming(folds_case=True).key(COMPOSED) != Naming(folds_case=True).key(DECOMPOSED)
    assert Naming(folds_form=True).key(COMPOSED) == Naming(folds_form=True).key(DECOMPOSED)
    assert Naming(folds_form=True).key("A") != Naming(folds_form=True).key("a")


@pytest.mark.parametrize(
    ("fold", "naming"),
    [
        (str, Naming()),
        (str.lower, Naming(folds_case=True)),
        (lambda name: unicodedata.normalize("NFD", name), Naming(folds_form=True)),
        (lambda name: unicodedata.normalize("NFD", name).lower(), Naming(folds_case=True, folds_form=True)),
    ],
)
def test_a_volume_is_tried_out_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fold: Callable[[str], str], naming: Naming
) -> None:
    monkeypatch.setattr(
        os.path, "lexists", lambda path: fold(Path(path).name) in {fold(each.name) for each in tmp_path.iterdir()}
    )
    assert naming_in(tmp_path) == naming
    assert naming_in(tmp_path / "not" / "yet" / "there") == naming
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_the_system_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    assert naming_in(tmp_path) == Naming(folds_case=os.name == "nt")
    monkeypatch.setattr(os.path, "normcase", str.lower)
    assert naming_in(tmp_path) == Naming(folds_case=True)


def test_words_say_what_does_not_count() -> None:
    assert Naming(folds_case=True, folds_form=True).describe() == "case or Unicode form"
    assert Naming(folds_form=True).describe() == "Unicode form"
