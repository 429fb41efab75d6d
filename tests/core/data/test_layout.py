"""Where the files of a dataset lie."""

import pytest

from pipelines.core.data.layout import Artifact, DatasetLayout, files_of, is_inside


def paths(layout: DatasetLayout, lines: list[str], hints: list[str]) -> list[str]:
    return [layout.path_of(artifact, "val", "a/hero") for artifact in layout.artifacts(lines, hints)]


def test_the_own_layout_has_a_folder_per_kind_and_plain_names() -> None:
    assert paths(DatasetLayout(), ["own"], ["kmedoids", "kmedoids-1"]) == [
        "val/colour/a/hero.png",
        "val/lines/own/a/hero.png",
        "val/hints/kmedoids/a/hero.png",
        "val/hints/kmedoids-1/a/hero.png",
        "val/composite/own+kmedoids/a/hero.png",
        "val/composite/own+kmedoids-1/a/hero.png",
    ]


def test_the_layouts_for_other_trainers() -> None:
    assert paths(DatasetLayout("aligned"), ["own"], ["points"]) == ["val/a/hero.png"]
    assert paths(DatasetLayout("unaligned"), ["own"], ["points"]) == ["valB/a/hero.png", "valA/a/hero.png"]
    several = DatasetLayout("unaligned", several=True)
    assert paths(several, ["own"], ["points", "points-1"])[1:] == [
        "valA/a/hero.own+points.png",
        "valA/a/hero.own+points-1.png",
    ]
    assert paths(DatasetLayout("aligned", "lines"), ["own"], ["points"]) == ["val/a/hero.png"]


def test_every_sample_names_files_that_are_made() -> None:
    for name in ("own", "aligned", "unaligned", "webdataset"):
        for domain in ("composite", "lines"):
            layout = DatasetLayout(name, domain, several=True)
            made = set(paths(layout, ["own", "xdog"], ["points", "strokes"]))
            rows = list(layout.sample_rows("val", "a/hero", ["own", "xdog"], ["points", "strokes"]))
            assert {path for row in rows for _, path in files_of(row)} == made
            keys = {artifact.key for artifact in layout.artifacts(["own", "xdog"], ["points", "strokes"])}
            assert {key for row in rows for key in layout.keys_of(row).values()} == keys


def test_artifacts_have_keys() -> None:
    assert Artifact("colour").key == "colour"
    assert Artifact("composite", "own", "points").key == "composite/own+points"


@pytest.mark.parametrize(
    "path", ["a.png", "train/colour/é b\n.png", "train/..a/b..png", "x/\udcff.png", ".colorize-cli/a"]
)
def test_paths_as_we_write_them_stay_inside(path: str) -> None:
    assert is_inside(path)


@pytest.mark.parametrize(
    "path", ["", "/etc/motd", "../a", "a/../b", "a/..", "a//b", "./a", "a/.", "a/", "a\0b", "\ud800", 5, None, ["a"]]
)
def test_any_other_path_may_lead_out(path: object) -> None:
    assert not is_inside(path)
