"""What the exit codes are is a promise to scripts: the numbers stand here once more."""

from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import ColorizeError, NothingMatchedError, SettingsError, UsageError
from pipelines.core.exit_codes import BY_STOP, ExitCode


def test_the_numbers_never_change() -> None:
    codes = {code.name: int(code) for code in ExitCode}
    assert codes == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "NOTHING_MATCHED": 3,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }


def test_errors_and_runs_end_with_them() -> None:
    assert [kind.exit_code for kind in (ColorizeError, UsageError, SettingsError, NothingMatchedError)] == [1, 2, 2, 3]
    assert {stop: int(code) for stop, code in BY_STOP.items()} == {
        "": 0,
        "failure": 1,
        "interrupt": 130,
        "termination": 143,
    }
    assert Report("colorize", {}).exit_code == 0
    failed = Record("a.png", (), "failed", reason="it is empty")
    assert Report("colorize", {}, records=(failed,)).exit_code == 1
    assert Report("colorize", {}, records=(failed,), stopped_by="interrupt").exit_code == 130
