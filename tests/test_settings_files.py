"""Settings files that are found upward, and what is shown of where values come from."""

import json
from pathlib import Path

import pytest

from colorize_cli.settings_files import EffectiveValue, find_settings_file, read_tables
from pipelines.core.errors import SettingsError
from tests.conftest import Cli, files_in
from tests.schemas.checking import problems


@pytest.fixture
def project(art: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with settings at its root; the working folder lies two below."""
    (art / "colorize.toml").write_text(
        '[colorize]\ninputs = ["lines"]\noutput = "out"\nhints = "hints"\nmodel = "flat"\njobs = 1\n'
        "[colorize.settings]\ngap = 3\n"
    )
    monkeypatch.chdir(art / "lines" / "deep")
    return art


def values_of(ran_out: str) -> dict[str, tuple[object, str]]:
    content = json.loads(ran_out)
    assert problems("settings", content) == []
    return {value["option"]: (value["value"], value["origin"]) for value in content["values"]}


def test_a_command_runs_from_any_folder_of_the_project(cli: Cli, project: Path) -> None:
    ran = cli("colorize", "--json")
    assert ran.code == 0, ran.err
    assert files_in(project / "out") == ["a.png", "deep/b.png", "deep/c.png"]
    settings = json.loads(ran.out)["settings"]["ensemble"]["models"][0]
    assert (settings["model"], settings["params"]["gap"]) == ("flat", 3)
    assert f"settings: {project / 'colorize.toml'}" in ran.err
    assert "settings:" not in cli("colorize", "-q").err


def test_what_is_typed_wins_and_isolated_reads_nothing(cli: Cli, project: Path) -> None:
    assert cli("colorize", "b.png", "-o", project / "other", "--json").code == 0
    assert files_in(project / "other") == ["b.png"]
    ran = cli("colorize", "--isolated")
    assert ran.code == 2
    assert "no place for the results" in ran.err


def test_an_explicit_file_stands_in_for_the_one_that_would_be_found(
    cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "own.toml").write_text('[colorize]\nbackground = "paper"\n')
    command = ("colorize", "--show-settings", "--json")
    values = values_of(cli(*command, "--settings", project / "own.toml").out)
    assert values["--background"] == ("paper", str(project / "own.toml"))
    assert values["--hints"] == (None, "default")
    monkeypatch.setenv("COLORIZE_CLI_SETTINGS", str(project / "own.toml"))
    assert values_of(cli(*command).out)["--settings"] == (str(project / "own.toml"), "COLORIZE_CLI_SETTINGS")
    assert values_of(cli(*command, "--isolated").out)["--background"] == ("auto", "default")


@pytest.mark.parametrize("order", [("--isolated", "--settings", "{file}"), ("--settings", "{file}", "--isolated")])
def test_isolated_and_settings_are_exit_2(cli: Cli, project: Path, order: tuple[str, ...]) -> None:
    ran = cli("colorize", *(word.format(file=project / "colorize.toml") for word in order))
    assert ran.code == 2
    assert "--isolated and --settings contradict each other" in ran.err


def test_the_origin_of_each_value(cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORIZE_CLI_SEED", "7")
    ran = cli("colorize", "--show-settings", "--json", "--jobs", 2, "--set", "outside=empty")
    assert ran.code == 0
    values, file = values_of(ran.out), str(project / "colorize.toml")
    assert values["--jobs"] == (2, "command line")
    assert values["--seed"] == (7, "COLORIZE_CLI_SEED")
    assert values["--hints"] == ("../../hints", file)
    assert values["INPUT..."] == (["../../lines"], file)
    assert values["--model"] == (["flat"], file)
    assert values["--limit"] == (None, "default")
    assert values["--settings"] == (file, "found upward")
    assert values["--set gap"] == (3, file)
    assert values["--set outside"] == ("empty", "command line")
    assert not (project / "out").exists()


def test_settings_as_text_are_columns(cli: Cli, project: Path) -> None:
    lines = cli("colorize", "--show-settings").out.splitlines()
    assert next(line for line in lines if line.startswith("--hints ")).split() == [
        *("--hints", "../../hints"),
        str(project / "colorize.toml"),
    ]
    assert EffectiveValue("--a", True, "default").as_text().split() == ["--a", "yes", "default"]
    assert EffectiveValue("--a", [], "default").as_text().split() == ["--a", "(not", "set)", "default"]
    assert EffectiveValue("--a", ["x\n", "y"], "z").as_text().split() == ["--a", "x\\n", "y", "z"]


def test_training_shows_its_settings_too(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "colorize.toml").write_text(
        '[train]\ndatasets = ["set"]\noutput = "run"\nsteps = 5\nfrom = "fillnet"\n'
    )
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    values = values_of(cli("train", "--show-settings", "--json").out)
    assert values["DATASET..."][0] == ["../set"]
    assert values["--output"][0] == "../run"
    assert values["--steps"][0] == 5
    assert values["--from"][0] == "fillnet"  # a name, since there is no such file


def test_a_run_beside_the_file_is_a_path_and_a_model_without_one_a_name(
    cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "runs" / "7").mkdir(parents=True)
    (project / "colorize.toml").write_text('[colorize]\nmodel = ["flat", "mine=runs/7"]\n')
    values = values_of(cli("colorize", "--show-settings", "--json").out)
    assert values["--model"][0] == ["flat", "mine=../../runs/7"]


def test_the_nearest_file_counts_and_pyproject_only_with_our_table(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "colorize.toml").write_text("")
    (tmp_path / "a" / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["colorize-cli"]\n')
    assert find_settings_file(deep) == tmp_path / "colorize.toml"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.colorize-cli.colorize]\njobs = 3\n")
    found = find_settings_file(deep)
    assert found == tmp_path / "a" / "pyproject.toml"
    assert read_tables(found) == {"colorize": {"jobs": 3}}
    (tmp_path / "a" / "colorize.toml").write_text("")
    assert find_settings_file(deep) == tmp_path / "a" / "colorize.toml"


def test_a_broken_pyproject_of_others_is_passed_over_and_one_that_names_us_is_not(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("not toml")
    assert find_settings_file(tmp_path) is None or find_settings_file(tmp_path) != tmp_path / "pyproject.toml"
    (tmp_path / "pyproject.toml").write_text("[tool.colorize-cli\n")
    with pytest.raises(SettingsError, match=r"pyproject\.toml"):
        find_settings_file(tmp_path)


@pytest.mark.parametrize("text", ['tool = "colorize-cli"', 'tool = ["colorize-cli"]', "[colorize-cli]"])
def test_a_pyproject_without_our_table_is_passed_over_whatever_else_it_holds(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    assert find_settings_file(tmp_path) != path
    assert read_tables(path) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool]\ncolorize-cli = 3\n", "is no table"),
        ("[tool.colorize-cli.colour]\n", "has a table for no command: 'colour'"),
        ('[tool.colorize-cli.regions]\nexclude = ["a", "b\\u0000"]\n', "it takes a text without NUL"),
        ("[tool.colorize-cli.regions]\njob = 3\n", "has no option 'job'"),
        ("[tool.colorize-cli.regions]\nisolated = true\n", "has no option 'isolated'"),
    ],
)
def test_what_is_wrong_in_a_file_that_was_found_names_it(
    cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    (art / "pyproject.toml").write_text(text)
    monkeypatch.chdir(art)
    ran = cli("regions", "lines", "-o", "out")
    assert ran.code == 2
    assert said in ran.err
    assert "pyproject.toml" in ran.err
    assert cli("regions", "--help").code == 0
    assert cli("regions", "lines", "-o", "out", "--isolated", "-j", 1, "-q").code == 0
