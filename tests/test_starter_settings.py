"""A first settings file: what is found, what is written, what is left alone."""

import json
import tomllib
from pathlib import Path

import pytest

from colorize_cli.starter_settings import StarterSettings, write_starter_settings
from pipelines.core.errors import UsageError
from tests import drawings
from tests.conftest import Cli, files_in


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (("lines", "hints", "colour"), ("lines", "hints", "colour")),
        (("Line-Art", "art_hints", "Finished.v2"), (None, "art_hints", "Finished.v2")),
        (("art", "art-hints", "outlines"), ("art", "art-hints", None)),
        (("music", "empty-lines"), (None, None, None)),
    ],
)
def test_folders_are_known_by_a_word_of_their_name_and_by_pictures(
    tmp_path: Path, names: tuple[str, ...], roles: tuple[str | None, ...]
) -> None:
    for name in names:
        (tmp_path / name).mkdir()
        if not name.startswith("empty"):
            drawings.write(tmp_path / name / "deep" / "a.png", drawings.two_circles())
    starter = write_starter_settings(str(tmp_path))
    if names[0] == "Line-Art":  # two words, of which "line" is one
        roles = ("Line-Art", *roles[1:])
    assert (starter.lines, starter.hints, starter.colour) == roles
    tables = tomllib.loads((tmp_path / "colorize.toml").read_text(encoding="utf-8"))
    assert tables["colorize"].get("inputs") == ([roles[0]] if roles[0] else None)
    assert tables["colorize"].get("hints") == roles[1]


def test_what_is_written_colours_the_folder(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art)
    ran = cli("init")
    assert ran.code == 0, ran.err
    assert "lines: lines, hints: hints, colour: colour" in ran.out
    assert 'inputs = ["lines"]  # 3 pictures' in (art / "colorize.toml").read_text()
    monkeypatch.chdir(art / "hints")
    assert cli("colorize", "-j", 1, "--model", "flat").code == 0
    assert files_in(art / "coloured") == ["a.png", "deep/b.png", "deep/c.png"]


def test_every_commented_setting_is_one(art: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art)
    write_starter_settings(str(art))
    text = (art / "colorize.toml").read_text()
    head, _, body = text.partition("[colorize]")
    whole = head + "[colorize]" + body.replace("\n# ", "\n")
    (art / "colorize.toml").write_text(whole)
    tables = tomllib.loads(whole)
    assert len(tables["colorize"]) == 8
    assert tables["extract-lines"]["settings"] == {"tolerance": 10}
    for command in tables:
        assert cli(command, "--show-settings").code == 0
    assert cli("extract-lines", "-n", "-o", art / "new").code == 0


def test_settings_that_are_there_stay_as_they_are(cli: Cli, tmp_path: Path) -> None:
    for name, text in (("colorize.toml", "[regions]\n"), ("pyproject.toml", "[tool.colorize-cli.regions]\njobs = 1\n")):
        (tmp_path / name).write_text(text)
        ran = cli("init", tmp_path)
        assert ran.code == 2
        assert f"{name} has settings already. Edit it, or move it away first" in ran.err
        assert (tmp_path / name).read_text() == text
        (tmp_path / name).unlink()
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    assert cli("init", tmp_path).code == 0


def test_a_link_that_leads_nowhere_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "colorize.toml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="has settings already"):
        write_starter_settings(str(tmp_path))


def test_a_folder_that_is_not_there_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    ran = cli("init", tmp_path / "nowhere")
    assert ran.code == 2
    assert "there is no folder" in ran.err


def test_nothing_found_is_said(tmp_path: Path) -> None:
    starter = write_starter_settings(str(tmp_path))
    assert starter == StarterSettings(str(tmp_path / "colorize.toml"), None, None, None, 0)
    assert "no folder of line art, hints or colour by its name" in starter.as_text()


def test_a_name_with_quotes_survives(tmp_path: Path) -> None:
    drawings.write(tmp_path / 'my "best" lines é' / "a.png", drawings.two_circles())
    write_starter_settings(str(tmp_path))
    tables = tomllib.loads((tmp_path / "colorize.toml").read_text(encoding="utf-8"))
    assert tables["colorize"]["inputs"] == ['my "best" lines é']
    assert json.dumps(tables)
