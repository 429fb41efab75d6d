"""What a run comes to, for a shell."""

import pytest

from pipelines.train.report import TrainReport


@pytest.mark.parametrize(("stopped_by", "code"), [("", 0), ("interrupt", 130), ("termination", 143)])
def test_the_exit_code_says_what_ended_a_run(stopped_by: str, code: int) -> None:
    assert TrainReport("run", stopped_by=stopped_by).exit_code == code  # type: ignore[arg-type]
