"""Options that commands share: where their values come from, what a settings file may hold, choices."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer

from colorize_cli import options
from colorize_cli.options import one_of, with_options
from tests.conftest import Cli


def test_flag_beats_environment_beats_file_beats_default(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def method_of(*arguments: object) -> str:
        ran = cli("extract-lines", art / "colour", "-o", art / "out", "-n", "--json", *arguments)
        assert ran.code == 0, ran.err
        return str(json.loads(ran.out)["settings"]["method"])

    settings = art / "settings.toml"
    settings.write_text('[extract-lines]\nmethod = "xdog"\n')
    assert method_of() == "adaptive"
    assert method_of("--settings", settings) == "xdog"
    monkeypatch.setenv("COLORIZE_CLI_SETTINGS", str(settings))
    assert method_of() == "xdog"
    monkeypatch.setenv("COLORIZE_CLI_LINE_METHOD", "adaptive")
    assert method_of() == "adaptive"
    assert method_of("--method", "xdog") == "xdog"


def test_settings_of_the_method_come_from_the_file_and_set_wins(cli: Cli, art: Path) -> None:
    settings = art / "settings.toml"
    settings.write_text("[make-hints]\nseed = 3\n[make-hints.settings]\nhints = 7\ncolours = 20\n")
    arguments = ("make-hints", art / "colour", "-o", art / "out", "-n", "--json", "--settings", settings)
    params = json.loads(cli(*arguments, "--set", "colours=9").out)["settings"]["params"]
    assert (params["hints"], params["colours"]) == (7, 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[regions]\nmethods = 1\n", "has no option 'methods'"),
        ("[regions]\nseed = 'x'\n", "seed"),
        ("regions = 3\n", "is no table"),
        ("[regions]\nsettings = 3\n", "is no table"),
        ("[region]\nseed = 3\n", "Did you mean 'regions'"),
        ("seed = 3\n", "no command: 'seed'"),
        ("not toml", "is not a TOML file"),
    ],
)
def test_a_bad_settings_file_is_exit_2(cli: Cli, art: Path, text: str, message: str) -> None:
    (art / "settings.toml").write_text(text)
    ran = cli("regions", art / "lines", "-o", art / "out", "--settings", art / "settings.toml")
    assert ran.code == 2
    assert message in ran.err


@pytest.mark.parametrize("command", ["colorize", "train"])
def test_the_device_comes_from_the_environment_wherever_there_is_one(
    cli: Cli, art: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "COLORIZE_CLI_DEVICE" in " ".join(cli(command, "--help").out.split())
    monkeypatch.setenv("COLORIZE_CLI_DEVICE", "tpu")
    ran = cli(command, art / "lines", "-o", art / "out")
    assert ran.code == 2
    assert "COLORIZE_CLI_DEVICE" in ran.err
    assert ran.err.splitlines()[-1].endswith("'tpu' is not one of auto, cpu, cuda, mps, cuda:N")


def test_a_device_of_the_environment_is_that_of_the_run(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    if torch.backends.mps.is_available():
        pytest.skip("needs a machine without MPS")
    command = ("colorize", art / "lines", "-o", art / "out", "-j", 1)
    monkeypatch.setenv("COLORIZE_CLI_DEVICE", "mps")
    assert cli(*command).code == 2
    assert cli(*command, "--device", "cpu").code == 0
    monkeypatch.setenv("COLORIZE_CLI_DEVICE", "cpu")
    assert cli(*command).code == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--json", "--json-lines"), "--json and --json-lines contradict each other"),
        (("--json", "--output-format", "junit"), "--output-format junit and --json contradict each other"),
        (("--json-lines", "--output-format", "text"), "--output-format text and --json-lines contradict each other"),
        (("--output-format", "xml"), "'xml' is not one of text, json, json-lines, github, junit, sarif"),
    ],
)
def test_two_output_formats_are_exit_2(cli: Cli, art: Path, asked: tuple[str, ...], said: str) -> None:
    ran = cli("regions", art / "lines", "-o", art / "out", *asked)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not (art / "out").exists()


def test_short_forms_are_the_formats(cli: Cli, art: Path) -> None:
    command = ("regions", art / "lines", "-o", art / "out", "-n", "-j", 1)
    assert json.loads(cli(*command, "--json").out)["done"] == 3
    assert json.loads(cli(*command, "--json", "--output-format", "json").out)["done"] == 3
    assert len(cli(*command, "--output-format", "json-lines").out.splitlines()) == 3
    assert cli(*command, "--output-format", "text").out == ""


def test_a_format_gives_way_to_one_that_stands_above_it(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (art / "settings.toml").write_text("[regions]\njson = true\n")
    command = ("regions", art / "lines", "-o", art / "out", "-n", "-j", 1, "--settings", art / "settings.toml")
    assert cli(*command).out.startswith("{\n")
    assert cli(*command, "--output-format", "text").out == ""
    monkeypatch.setenv("COLORIZE_CLI_OUTPUT_FORMAT", "github")
    assert cli(*command).out.startswith("::notice")
    assert cli(*command, "--json-lines").out.startswith('{"input"')


def test_a_picture_and_a_format_cannot_share_standard_output(cli: Cli, art: Path) -> None:
    ran = cli("regions", art / "lines" / "a.png", "-o", "-", "--output-format", "junit")
    assert (ran.code, ran.out) == (2, "")
    assert "a picture and junit cannot share standard output" in ran.err


Shape = Literal["round", "square"]


def one_command(**options: tuple[object, object]) -> Callable[[list[str]], dict[str, object]]:
    """An application of one command that has these options and gives back what it was called with."""
    seen: list[dict[str, object]] = []

    def command(place: str = "here", *, settings: dict[str, object]) -> None:
        seen.append({"place": place, **settings})

    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(with_options(command, "settings", options, lambda values: {**values, "gathered": True}))

    def run(arguments: list[str]) -> dict[str, object]:
        with pytest.raises(SystemExit) as left:
            app(arguments)
        assert left.value.code == 0
        return seen.pop()

    return run


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "mps", "cuda:0", "cuda:12"])
def test_a_device_is_a_kind_or_one_of_several_gpus(device: str) -> None:
    assert options._device(device) == device


@pytest.mark.parametrize("device", ["cpu:1", "cuda:", "cuda:x", "mps:0", "cuda:1:2", "", ":1"])
def test_other_devices_are_refused(device: str) -> None:
    with pytest.raises(typer.BadParameter, match="cuda:N"):
        options._device(device)


def test_many_options_stand_in_for_one_parameter() -> None:
    run = one_command(size=(Annotated[int, typer.Option("--size")], 3), name=(Annotated[str, typer.Option()], "x"))
    assert run([]) == {"place": "here", "size": 3, "name": "x", "gathered": True}
    assert run(["--size", "5", "--place", "there"]) == {"place": "there", "size": 5, "name": "x", "gathered": True}


def test_a_choice_is_one_of_a_literal_s_texts_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    run = one_command(shape=(Annotated[Shape | None, typer.Option("--shape", **one_of(Shape))], None))
    assert run(["--shape", "square"])["shape"] == "square"
    assert run([])["shape"] is None
    with pytest.raises(AssertionError):
        run(["--shape", "Round"])
    assert capsys.readouterr().err.splitlines()[-1].endswith("'Round' is not one of round, square")
    with pytest.raises(IndexError):
        run(["--help"])
    assert "--shape round|square" in capsys.readouterr().out


@pytest.mark.parametrize("value", ["'many'", "3"])
def test_a_wrong_choice_in_a_settings_file_is_refused(cli: Cli, art: Path, value: str) -> None:
    (art / "settings.toml").write_text(f"[colorize]\nbackground = {value}\n")
    ran = cli("colorize", art / "lines", "-o", art / "out", "--settings", art / "settings.toml")
    assert ran.code == 2
    assert "is not one of auto, paper, transparent" in ran.err
