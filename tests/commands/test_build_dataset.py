"""`colorize-cli build-dataset`: its options reach the stage; wrong ones are refused in one line."""

import json
from pathlib import Path

import pytest

from tests import drawings
from tests.conftest import Cli, files_in


def test_it_makes_pairs_of_the_size_and_the_shares_asked_for(cli: Cli, art: Path) -> None:
    command = ("build-dataset", art / "colour", "-o", art / "set", "--size", "64", "--val", 0, "--test", 0, "-j", 1)
    ran = cli(*command, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["done"] == 3
    pictures = [name for name in files_in(art / "set") if name.endswith(".png")]
    assert pictures
    assert all(drawings.read(art / "set" / name).shape[:2] == (64, 64) for name in pictures)
    assert not [name for name in pictures if "val" in Path(name).parts or "test" in Path(name).parts]


def test_a_layout_for_other_trainers_lays_a_beside_b(cli: Cli, art: Path) -> None:
    command = ("build-dataset", art / "colour", "-o", art / "set", "--size", "64", "--val", 0, "--test", 0, "-j", 1)
    assert cli(*command, "--layout", "aligned").code == 0
    pictures = [name for name in files_in(art / "set") if name.endswith(".png")]
    assert len(pictures) == 3
    assert all(drawings.read(art / "set" / name).shape == (64, 128, 3) for name in pictures)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--read", "ab"), "'ab' is not one of pictures, AB, BA, pairs"),
        (("--fit", "stretch"), "'stretch' is not one of pad, crop"),
        (("--centre", "left"), "'left' is not one of off, move, fill"),
        (("--layout", "tar"), "'tar' is not one of own, aligned, unaligned, webdataset"),
        (("--domain-a", "hints"), "'hints' is not one of composite, lines"),
        (("--size", "large"), "large"),
        (("--pad", "reddish"), "reddish"),
        (("--set", "kmedoid.hints=3"), "kmedoid"),
        (("--pair", "line", "{name}"), "'line' is no pattern of names: {name} must stand in it once"),
        (("--pair", "{name}", "{NAME}"), "'{NAME}' is no pattern of names"),
        (("--pair", "{name}_line", "{name}", "--read", "AB"), "--pair and --read AB contradict each other"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(cli: Cli, art: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = cli("build-dataset", art / "colour", "-o", art / "set", *arguments)
    assert ran.code == 2
    assert words in ran.err.splitlines()[-1]
    assert not (art / "set").exists()


def test_every_option_reaches_the_stage(cli: Cli, art: Path) -> None:
    made = "--size 40x30 --fit crop --pad 102030 --centre fill --margin 0.2 --line-method adaptive --hint-method points"
    more = "--draws 2 --saturation-boost 0.3 --drop-duplicates --duplicate-bits 3 --drop-dull 20"
    rest = "--least-colourfulness 2 --val 5 --test 6 --display 7 --keep-split --group ^x --group-by variant_of --prune"
    last = "--layout aligned --domain-a lines --seed 4"
    words = f"{made} {more} {rest} {last} -j 1 --json".split()
    settings = json.loads(cli("build-dataset", art / "colour", "-o", art / "set", *words).out)["settings"]
    assert settings["framing"] == {
        "size": [40, 30],
        "fit": "crop",
        "centre": "fill",
        "margin": 0.2,
        "pad": [16, 32, 48],
    }
    assert [spec["label"] for spec in settings["hints"]] == ["points", "points-1"]
    assert (settings["saturation_boost"], settings["seed"]) == (0.3, 4)
    curation = settings["curation"]
    assert curation | {"drop_duplicates": True, "duplicate_bits": 3, "drop_dull": 20} == curation
    assert curation["least_colourfulness"] == 2
    assert settings["splitting"] == {
        "shares": {"val": 5, "test": 6, "display": 7},
        "keep": True,
        "group_pattern": "^x",
        "group_by": "variant_of",
    }
    assert settings["place"] == {"layout": "aligned", "domain": "lines", "several": True}


def test_settings_of_methods_come_from_the_file_and_from_set(cli: Cli, art: Path) -> None:
    file = art / "settings.toml"
    file.write_text(
        "[build-dataset]\nsize = '48'\n[build-dataset.settings.kmedoids]\nhints = '3..5'\nmax_points = 60\n"
    )
    command = ("build-dataset", art / "colour", "-o", art / "set", "--settings", file, "-j", 1, "--json")
    summary = json.loads(cli(*command, "--set", "kmedoids.max_points=70").out)
    (spec,) = summary["settings"]["hints"]
    assert spec["ranges"] == [["hints", 3, 5]]
    assert spec["params"]["max_points"] == 70
    assert summary["done"] == 3


def test_it_reads_pairs_and_refuses_mismatches(cli: Cli, art: Path) -> None:
    options = ("--lines", art / "lines", "--strict", "--size", 32, "-j", 1, "--json")
    assert json.loads(cli("build-dataset", art / "colour", "-o", art / "set", *options).out)["done"] == 3
    (art / "lines" / "a.png").unlink()
    ran = cli("build-dataset", art / "colour", "-o", art / "other", *options)
    assert ran.code == 2
    assert "1 picture does not match" in ran.err
    assert not (art / "other").exists()


@pytest.mark.parametrize("by", ["options", "settings"])
def test_pairs_are_found_by_a_rule_of_names(cli: Cli, tmp_path: Path, by: str) -> None:
    for name in ("a", "b"):
        drawings.write(tmp_path / "art" / f"{name}_line.png", drawings.two_circles(48))
        drawings.write(tmp_path / "art" / f"{name.upper()}_Color.png", drawings.two_circles_coloured(48))
    (tmp_path / "rules.toml").write_text("[build-dataset]\npair = ['{name}_line', '{name}_color']\n")
    rule = ("--pair", "{name}_line", "{name}_color") if by == "options" else ("--settings", tmp_path / "rules.toml")
    ran = cli("build-dataset", tmp_path / "art", "-o", tmp_path / "set", "--size", "48", "-j", 1, "--strict", *rule)
    assert ran.code == 0, ran.err
    rows = [json.loads(line) for line in (tmp_path / "set" / "manifest.jsonl").read_text().splitlines()]
    assert {(row["name"], row["line_method"]) for row in rows} == {("A", "own"), ("B", "own")}
