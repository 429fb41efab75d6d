"""What formats share: places in the checkout, what is wrong with a whole run."""

from dataclasses import replace
from pathlib import Path

import pytest

from colorize_cli.output_formats._words import counted, one_line, path_in_repository, run_problems
from tests.output_formats.runs import BAD_NAME, report


def test_paths_begin_at_the_root_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "game").mkdir()
    monkeypatch.chdir(tmp_path / "game")
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    assert path_in_repository("art/a.png") == "art/a.png"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert path_in_repository("art/../a.png") == "game/a.png"
    assert path_in_repository(str(tmp_path / "b.png")) == "b.png"
    assert path_in_repository("/elsewhere/c.png") == "/elsewhere/c.png"


def test_a_text_is_one_line_of_printable_letters() -> None:
    assert one_line(BAD_NAME) == r"art/50%,a:b\n::stop-commands::x\udc80<é>.png"


def test_limits_and_an_early_end_are_problems_of_the_whole_run() -> None:
    assert run_problems(report()) == ()
    stopped = replace(report(limits=("psnr is low",)), stopped_by="interrupt")
    assert run_problems(stopped) == (
        "psnr is low",
        "stopped by interrupt: run the same command again to go on",
    )


def test_counts_say_when_nothing_was_written() -> None:
    assert counted(report()) == "3 pictures: 1 done, 1 skipped, 1 failed in 2.2 s"
    assert counted(replace(report(), dry_run=True)).endswith("(dry run: nothing was written)")
