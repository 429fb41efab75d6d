"""`colorize --layers` at the command line: where the files lie, when they are made again, what is refused."""

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest

from pipelines.core.batch.inputs import find_sources
from tests import drawings
from tests.conftest import Cli, files_in
from tests.exports.documents import apart, ora_layers


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """Two drawings, one with hints."""
    drawings.write(tmp_path / "lines" / "a.png", drawings.two_circles())
    drawings.write(tmp_path / "lines" / "deep" / "b.png", drawings.two_circles(80))
    drawings.write(tmp_path / "hints" / "a.png", drawings.two_hints())
    return tmp_path


def states(said: str) -> list[str]:
    return [json.loads(line)["status"] for line in said.splitlines()]


@pytest.mark.parametrize("form", ["ora", "psd"])
def test_one_file_lies_beside_each_result_and_is_skipped_while_nothing_changes(cli: Cli, art: Path, form: str) -> None:
    command = ("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--layers", form, "-j", 1)
    ran = cli(*command, "--json-lines")
    assert ran.code == 0, ran.err
    assert states(ran.out) == ["done", "done"]
    assert files_in(art / "out") == sorted([f"a.{form}", "a.png", f"deep/b.{form}", "deep/b.png"])
    again = cli(*command, "--json-lines")
    assert states(again.out) == ["skipped", "skipped"]
    (art / "out" / f"a.{form}").unlink()
    drawings.write(art / "lines" / "deep" / "b.png", drawings.two_circles(70))
    assert states(cli(*command, "--json-lines").out) == ["done", "done"], "one has no layers any more, one other lines"
    assert states(cli(*command, "--flats", "colour", "--json-lines").out) == ["done", "done"]
    assert states(cli(*command, "--flats", "colour", "--json-lines").out) == ["skipped", "skipped"]


def test_layers_are_the_picture_and_change_nothing_of_it(cli: Cli, art: Path) -> None:
    plain = ("colorize", art / "lines", "--hints", art / "hints", "-j", 1, "-o")
    assert cli(*plain, art / "plain").code == 0
    assert cli(*plain, art / "out", "--layers", "ora", "--flats", "region").code == 0
    assert (art / "plain" / "a.png").read_bytes() == (art / "out" / "a.png").read_bytes()
    with ZipFile(BytesIO((art / "out" / "a.ora").read_bytes())) as archive:
        merged = drawings.read(archive.read("mergedimage.png"))
        names = [look["name"] for look, _ in ora_layers(archive)[1]]
    assert apart(merged, drawings.read(art / "out" / "a.png")) == 0
    regions = [name for name in names if name.startswith("region-")]
    assert sorted(name.rpartition("-")[2] for name in regions) == ["1e3cc8", "dc281e"]
    assert [name for name in names if name not in regions] == [
        "background",
        "shading",
        "highlights",
        "line-art",
        "hints",
    ]


def test_a_folder_of_png_has_hints_only_where_there_are_some_and_is_no_input_for_others(cli: Cli, art: Path) -> None:
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--layers", "png", "-j", 1)
    assert ran.code == 0, ran.err
    names = ["01-background", "02-flats", "03-shading", "04-highlights", "05-line-art"]
    assert files_in(art / "out" / "a-layers") == [*(f"{name}.png" for name in [*names, "06-hints"]), "layers.json"]
    assert files_in(art / "out" / "deep" / "b-layers") == [*(f"{name}.png" for name in names), "layers.json"]
    found = [str(source.relative) for source in find_sources([str(art / "out")])]
    assert found == ["a.png", "deep/b.png"]


def test_the_name_of_the_result_is_that_of_the_layers(cli: Cli, art: Path) -> None:
    assert cli("colorize", art / "lines" / "a.png", "-o", art / "x" / "hero.v2.png", "--layers", "psd").code == 0
    assert files_in(art / "x") == ["hero.v2.png", "hero.v2.psd"]
    assert cli("colorize", art / "lines" / "a.png", "-o", art / "y", "--keep-extension", "--layers", "ora").code == 0
    assert files_in(art / "y") == ["a.png.ora", "a.png.png"]


def test_the_number_of_workers_changes_nothing(cli: Cli, art: Path) -> None:
    made = []
    for jobs in (1, 2):
        out = art / f"out{jobs}"
        command = ("colorize", art / "lines", "-o", out, "--layers", "psd", "--flats", "region", "-j", jobs)
        assert cli(*command).code == 0
        made.append([(out / name).read_bytes() for name in files_in(out)])
    assert made[0] == made[1]


def test_a_file_in_the_way_stays_and_a_dry_run_says_so(cli: Cli, art: Path) -> None:
    (art / "out").mkdir()
    (art / "out" / "a.ora").write_bytes(b"painted by hand")
    command = ("colorize", art / "lines", "-o", art / "out", "--layers", "ora", "-j", 1, "--json-lines")
    foreseen = cli(*command, "--dry-run")
    assert states(foreseen.out) == ["failed", "done"]
    assert files_in(art / "out") == ["a.ora"]
    assert states(cli(*command).out) == ["failed", "done"]
    assert (art / "out" / "a.ora").read_bytes() == b"painted by hand"


def test_a_transparent_result_has_its_paper_hidden(cli: Cli, art: Path) -> None:
    lines = drawings.two_circles()
    ink = np.dstack([np.zeros((*lines.shape, 3), np.uint8), cv2.bitwise_not(lines)])
    drawings.write(art / "ink" / "a.png", ink)
    assert cli("colorize", art / "ink", "-o", art / "out", "--layers", "ora", "--lines", "none", "-j", 1).code == 0
    with ZipFile(BytesIO((art / "out" / "a.ora").read_bytes())) as archive:
        layers = {look["name"]: (look, pixels) for look, pixels in ora_layers(archive)[1]}
    assert layers["background"][0]["visibility"] == "hidden"
    assert not layers["line-art"][1][..., 3].any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "-", "--layers", "ora"), "layers need a folder"),
        (("-o", "{out}", "--flats", "colour"), "--layers ora"),
        (("-o", "{out}", "--layers", "png", "--flats", "region"), "--layers psd"),
        (("-o", "{out}", "--layers", "gif"), "gif"),
        (("-o", "{out}", "--layers", "ora", "--flats", "many"), "many"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(cli: Cli, art: Path, arguments: tuple[str, ...], said: str) -> None:
    filled = (argument.format(out=art / "out") for argument in arguments)
    ran = cli("colorize", art / "lines" / "a.png", *filled)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert not (art / "out").exists()
