"""The exit codes of the program: what a shell or a CI job reads when a command ends."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What came of a command."""

    DONE = 0  # every input was done, or skipped since its output is there already
    FAILED = 1  # some inputs failed, the others are done; or a check that was asked for did not pass
    USAGE = 2  # options or paths that cannot work; nothing was begun
    NOTHING_MATCHED = 3  # no input picture was found
    INTERRUPTED = 130  # by Ctrl-C (128 + SIGINT); what was done is whole
    TERMINATED = 143  # by SIGTERM (128 + 15), in the same way


BY_STOP = {
    "": ExitCode.DONE,
    "failure": ExitCode.FAILED,  # where the first failure ends a run
    "interrupt": ExitCode.INTERRUPTED,
    "termination": ExitCode.TERMINATED,
}
"""The exit code of a run by what stopped it."""
