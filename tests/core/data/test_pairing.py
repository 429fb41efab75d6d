"""Which picture belongs to which line art."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from pipelines.core.batch.inputs import Source
from pipelines.core.data.name_rules import NamePattern, NameRule
from pipelines.core.data.pairing import PairingResult, find_pairs, read_pair
from pipelines.core.errors import MethodError, UsageError
from tests import drawings
from tests.core.batch.test_folders import refuse_scans_of


def write(path: Path, width: int = 8, height: int = 8) -> Path:
    return drawings.write(path, np.full((height, width, 3), 200, np.uint8))


def sources_in(folder: Path) -> list[Source]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".jpg"))
    return [Source(path, PurePosixPath(path.relative_to(folder).as_posix())) for path in files]


def test_two_folders_are_matched_by_name_and_the_rest_is_listed(tmp_path: Path) -> None:
    for name in ("a", "sub/b", "c", "d"):
        write(tmp_path / "colour" / f"{name}.png")
    for name in ("a", "sub/b", "e"):
        write(tmp_path / "inked" / f"{name}.png")
    write(tmp_path / "inked" / "d.png", 16, 8)
    found = find_pairs(sources_in(tmp_path / "colour"), "pictures", lines=tmp_path / "inked")
    lines = {str(pair.name): pair.lines and pair.lines.name for pair in found.pairs}
    assert lines == {"a.png": "a.png", "c.png": None, "d.png": None, "sub/b.png": "b.png"}
    kinds = {str(item.name): item.reason for item in found.mismatches}
    assert set(kinds) == {"c.png", "d.png", "e.png"}
    assert "16x8, the picture 8x8" in kinds["d.png"]
    assert kinds["e.png"] == "no coloured picture has its name"


def test_a_corpus_is_matched_by_its_folders(tmp_path: Path) -> None:
    for name in (
        "s/color/a",
        "s/line/a",
        "s/color/b",
        "t/Colour/x/a",
        "t/lines/x/a",
        "trainB/1",
        "trainA/1",
        "u/line/z",
    ):
        write(tmp_path / f"{name}.png")
    write(tmp_path / "stray.png")
    found = find_pairs(sources_in(tmp_path), "pairs")
    lines = {str(pair.name): pair.lines.relative_to(tmp_path).as_posix() if pair.lines else "" for pair in found.pairs}
    assert lines == {
        "s/a.png": "s/line/a.png",
        "s/b.png": "",
        "t/x/a.png": "t/lines/x/a.png",
        "train/1.png": "trainA/1.png",
    }
    assert {str(item.name) for item in found.mismatches} == {"s/b.png", "u/line/z.png", "stray.png"}
    inner = find_pairs(sources_in(tmp_path / "s" / "color"), "pairs")
    assert [str(pair.name) for pair in inner.pairs] == ["a.png", "b.png"]
    assert inner.pairs[0].lines == tmp_path / "s" / "line" / "a.png"


def test_a_corpus_may_be_named_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "s" / "color" / "a.png")
    write(tmp_path / "s" / "line" / "a.png")
    monkeypatch.chdir(tmp_path)
    sources = [Source(Path("s/color/a.png"), PurePosixPath("color/a.png"))]
    assert find_pairs(sources, "pairs").pairs[0].lines == tmp_path / "s" / "line" / "a.png"


def test_halves_are_told_apart_by_side(tmp_path: Path) -> None:
    both = np.zeros((6, 10, 3), np.uint8)
    both[:, :5], both[:, 5:] = 255, drawings.RED
    files = {"picture": drawings.png(both)}
    picture, own = read_pair(files, "AB")
    assert own is not None
    assert (picture.rgb[0, 0].tolist(), own.rgb[0, 0].tolist()) == (list(drawings.RED), [255] * 3)
    picture, own = read_pair(files, "BA")
    assert own is not None
    assert (picture.rgb[0, 0].tolist(), own.rgb[0, 0].tolist()) == ([255] * 3, list(drawings.RED))
    write(tmp_path / "odd.png", 9)
    write(tmp_path / "even.png", 10)
    found = find_pairs(sources_in(tmp_path), "AB")
    assert [str(pair.name) for pair in found.pairs] == ["even.png"]
    assert found.mismatches[0].reason == "an odd number of columns makes no two halves (9 columns)"
    with pytest.raises(MethodError, match="9 columns"):
        read_pair({"picture": (tmp_path / "odd.png").read_bytes()}, "AB")


def test_line_art_of_another_shape_is_refused_and_of_another_size_is_not() -> None:
    small, wide = drawings.png(np.zeros((4, 4, 3), np.uint8)), drawings.png(np.zeros((4, 8, 3), np.uint8))
    large = drawings.png(np.zeros((400, 402, 3), np.uint8))
    assert read_pair({"picture": small, "lines": large}, "pictures")[1] is not None
    with pytest.raises(MethodError, match="the line art is 8x4, the picture 4x4"):
        read_pair({"picture": small, "lines": wide}, "pictures")


RULE = NameRule(NamePattern("{name}_line"), NamePattern("{name}_color"))


def paired(result: PairingResult, folder: Path) -> dict[str, str]:
    return {
        str(pair.name): pair.lines.relative_to(folder).as_posix() if pair.lines is not None else ""
        for pair in result.pairs
    }


def test_a_rule_of_names_finds_line_art_in_the_same_folder(tmp_path: Path) -> None:
    for name in ("a_line", "a_color", "b/a_LINE", "b/A_Color", "b/c_color", "b/d_line", "stray", "e_line", "e_color"):
        write(tmp_path / f"{name}.png", 20 if name == "e_line" else 10)
    found = find_pairs(sources_in(tmp_path), "pictures", rule=RULE)
    assert paired(found, tmp_path) == {"a.png": "a_line.png", "b/A.png": "b/a_LINE.png", "b/c.png": "", "e.png": ""}
    assert {str(item.name): item.kind for item in found.mismatches} == {
        "b/c.png": "no line art has its name",
        "b/d_line.png": "no coloured picture has its name",
        "e.png": "its line art has another shape",
        "stray.png": "its name fits neither pattern of --pair",
    }


def test_a_rule_of_names_finds_line_art_in_a_folder_of_its_own(tmp_path: Path) -> None:
    for name in (
        "art/a_color",
        "art/x/b_color",
        "art/plain",
        "ink/a_line",
        "ink/x/B_line",
        "ink/c_line",
        "ink/a_color",
    ):
        write(tmp_path / f"{name}.png")
    found = find_pairs(sources_in(tmp_path / "art"), "pictures", rule=RULE, lines=tmp_path / "ink")
    assert paired(found, tmp_path) == {"a.png": "ink/a_line.png", "x/b.png": "ink/x/B_line.png"}
    assert {str(item.name) for item in found.mismatches} == {"plain.png", "c_line.png"}
    with pytest.raises(UsageError, match="there is no folder"):
        find_pairs(sources_in(tmp_path / "art"), "pictures", rule=RULE, lines=tmp_path / "nowhere")


def test_pairs_refuse_what_contradicts_itself(tmp_path: Path) -> None:
    picture = write(tmp_path / "a.png")
    source = Source(picture, PurePosixPath("a.png"))
    with pytest.raises(UsageError, match="contradict"):
        find_pairs([source], "AB", lines=tmp_path)
    with pytest.raises(UsageError, match="--pair and --read AB contradict"):
        find_pairs([source], "AB", rule=RULE)
    with pytest.raises(UsageError, match="one file"):
        find_pairs([source], "pictures", lines=picture)
    with pytest.raises(UsageError, match="standard input"):
        find_pairs([Source(None, PurePosixPath("stdin"))], "pictures")


def test_line_art_whose_folder_cannot_be_read_is_no_end_of_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("s/color/a", "s/line/a", "t/color/b", "t/lineart/b"):
        write(tmp_path / f"{name}.png")
    sources = sources_in(tmp_path)
    refuse_scans_of("line", monkeypatch)
    found = find_pairs(sources, "pairs")
    assert {str(pair.name): pair.lines is not None for pair in found.pairs} == {"s/a.png": False, "t/b.png": True}
    write(tmp_path / "inked" / "deep" / "e.png")
    refuse_scans_of("deep", monkeypatch)
    found = find_pairs(sources_in(tmp_path / "t"), "pictures", lines=tmp_path / "inked")
    assert [str(item.name) for item in found.mismatches if "cannot be read" in item.kind] == ["deep"]


def test_line_art_of_a_name_in_another_unicode_form_is_its_partner(tmp_path: Path) -> None:
    write(tmp_path / "colour" / "\u00f6.png")
    write(tmp_path / "inked" / "o\u0308.png")
    found = find_pairs(sources_in(tmp_path / "colour"), "pictures", lines=tmp_path / "inked")
    assert found.mismatches == []
    assert found.pairs[0].lines == tmp_path / "inked" / "o\u0308.png"
