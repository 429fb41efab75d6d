"""Checks of our variables in the environment."""

from pathlib import Path

import pytest

from colorize_cli.diagnosis.environment import check_settings_file, check_variables

KNOWN = {"COLORIZE_CLI_JOBS": "--jobs", "COLORIZE_CLI_SEED": "--seed", "COLORIZE_CLI_SETTINGS": "--settings"}


def test_others_variables_and_those_of_tests_are_passed_over() -> None:
    assert list(check_variables({"HOME": "x", "COLORIZE_CLI_CORPUS": "y"}, KNOWN)) == []


def test_a_good_one_says_its_option() -> None:
    (finding,) = check_variables({"COLORIZE_CLI_JOBS": "2"}, KNOWN)
    assert (finding.state, finding.found) == ("ok", "2 (--jobs)")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("COLORIZE_CLI_JOB", "2", "no option reads it: did you mean COLORIZE_CLI_JOBS?"),
        ("COLORIZE_CLI_QQQQQQQQQQQQQQQQQQQ", "2", "no option reads it"),
        ("COLORIZE_CLI_JOBS", "0", "'0' is no whole number above 0"),
        ("COLORIZE_CLI_SEED", "-1", "'-1' is no whole number"),
        ("COLORIZE_CLI_MAX_PIXELS", "1e6", "'1e6' is no whole number above 0"),
        ("COLORIZE_CLI_WEIGHTS", "{tmp}/nowhere", "there is no folder {tmp}/nowhere"),
        ("COLORIZE_CLI_SETTINGS", "{tmp}/nowhere.toml", "there is no file {tmp}/nowhere.toml"),
    ],
)
def test_a_wrong_one_is_a_problem(tmp_path: Path, name: str, value: str, found: str) -> None:
    (finding,) = check_variables({name: value.format(tmp=tmp_path)}, KNOWN)
    assert (finding.state, finding.remedy) == ("problem", f"unset {name}")
    assert finding.found == found.format(tmp=tmp_path)


def test_the_settings_file_that_commands_find_is_named_and_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "colorize.toml").write_text("[regions]\njobs = 1\n")
    finding = check_settings_file(tmp_path / "deep", ["regions"])
    assert (finding.state, finding.found) == ("ok", f"{tmp_path / 'colorize.toml'} (regions)")
    (tmp_path / "deep" / "colorize.toml").write_text("[region]\n")
    finding = check_settings_file(tmp_path / "deep", ["regions"])
    assert finding.state == "problem"
    assert "has a table for no command: 'region'" in finding.found
    assert "Did you mean 'regions'?" in finding.remedy
