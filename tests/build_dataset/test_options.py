"""What a dataset is built of: which methods a recipe asks for, and what is refused before any work."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.build_dataset.options import Recipe, Splitting, make_methods_ready, resolve_methods
from pipelines.core.errors import SettingsError, UsageError
from tests.build_dataset.corpora import build, rows


def test_a_method_that_draws_the_same_every_time_is_drawn_once(art: Path, tmp_path: Path) -> None:
    report = build(art, tmp_path / "out", recipe=Recipe(draws=4))
    assert {row["hint_method"] for row in rows(tmp_path / "out")} == {"kmedoids"}
    assert "kmedoids draws the same hints every time" in report.notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recipe": Recipe(lines=("own",))}, "no line art of their own"),
        ({"recipe": Recipe(lines=("adaptiv",))}, "Did you mean 'adaptive'"),
        ({"recipe": Recipe(hints=("kmedoid",))}, "Did you mean 'kmedoids'"),
        ({"recipe": Recipe(values={"adaptiv.window": 1})}, "no method that is used"),
        ({"reading": "AB", "lines": "lines"}, "contradict"),
        ({"lines": "nowhere"}, "does not exist"),
    ],
)
def test_what_cannot_work_is_refused_before_any_work(
    art: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        build(art, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_nothing_is_drawn_of_no_draws() -> None:
    with pytest.raises(SettingsError, match="make no hints"):
        Recipe(draws=0)


def test_patterns_that_are_none_are_refused() -> None:
    with pytest.raises(SettingsError, match="is not a regular expression"):
        Splitting(group_pattern="(")


def test_own_line_art_is_the_default_where_there_is_some() -> None:
    assert [spec.label for spec in resolve_methods(Recipe(), has_own_lines=True).lines] == ["own"]
    assert [spec.label for spec in resolve_methods(Recipe(), has_own_lines=False).lines] == ["adaptive"]
    both = resolve_methods(Recipe(lines=("xdog", "own")), has_own_lines=True)
    assert [spec.label for spec in both.lines] == ["own", "xdog"]
    with pytest.raises(UsageError, match="no line art of their own"):
        resolve_methods(Recipe(lines=("own",)), has_own_lines=False)


def test_methods_that_vary_are_drawn_as_often_as_is_said_and_the_others_once() -> None:
    methods = resolve_methods(Recipe(hints=("kmedoids", "points"), draws=3), has_own_lines=False)
    assert [spec.label for spec in methods.hints] == ["kmedoids", "points", "points-1", "points-2"]
    assert len({spec.params for spec in methods.hints[1:]}) == 1
    assert len(methods.notes) == 1
    ranged = Recipe(hints=("kmedoids",), draws=2, values={"kmedoids.hints": "2..9"})
    resolved = resolve_methods(ranged, has_own_lines=False)
    assert [spec.label for spec in resolved.hints] == ["kmedoids", "kmedoids-1"]
    assert resolved.hints[0].ranges == (("hints", 2, 9),)
    assert resolved.notes == ()


def test_pictures_that_are_no_line_art_have_neither_lines_nor_hints_to_find() -> None:
    picture = Recipe(input="picture", hints=("none",))
    methods = resolve_methods(picture, has_own_lines=True)
    assert [(spec.label, spec.method) for spec in methods.lines] == [("picture", "own")]
    assert [spec.label for spec in methods.hints] == ["none"]
    with pytest.raises(UsageError, match="needs pairs of pictures") as raised:
        resolve_methods(picture, has_own_lines=False)
    assert "--read AB, BA" in raised.value.hint
    for wrong in ({"lines": ("adaptive",)}, {"hints": ("strokes",)}, {"draws": 2}):
        with pytest.raises(SettingsError, match="no lines to be found and no hints"):
            replace(picture, **wrong)


def test_files_of_line_extractors_are_opened_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "lines.onnx").write_bytes(b"no network")
    values = {"network.weights": str(tmp_path / "lines.onnx")}
    methods = resolve_methods(Recipe(lines=("own", "xdog", "network"), values=values), has_own_lines=True)
    assert [spec.label for spec in methods.lines] == ["own", "xdog", "network"]
    make_methods_ready(methods.lines[:2])
    with pytest.raises(UsageError, match=r"lines\.onnx is neither TorchScript nor ONNX"):
        make_methods_ready(methods.lines)
