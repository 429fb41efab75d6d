"""Where `--report` goes: a file, which is put in place in one step, or a pipe or device, which is written as it is.

Nothing but an earlier report is ever replaced, and a link stays a link.
"""

import contextlib
import errno
import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pipelines.core.batch.report import Report
from pipelines.core.errors import ColorizeError, StreamError, UsageError
from pipelines.core.files import check_replaceable, replace_file, show_path
from pipelines.core.imaging.picture import PICTURE_SUFFIXES

_PATIENCE = 2.0  # seconds that a pipe may be without a reader before the run


class ReportFile:
    """The place of a report, found good before the run."""

    def __init__(self, path: Path) -> None:
        """Find out whether a report can be written there; raises UsageError."""
        self._path = path
        self._pipe: int | None = None  # open from now on: its reader takes a closed one for the end
        with _errors(path, UsageError):
            status = _status(path)
            if status is None or stat.S_ISREG(status.st_mode):
                self._check_file(status)
            elif stat.S_ISFIFO(status.st_mode):
                self._pipe = None if _is_stream(status) else _open_pipe(path)
            elif not stat.S_ISCHR(status.st_mode):
                what = "a folder" if stat.S_ISDIR(status.st_mode) else "neither a file, a pipe nor a terminal"
                raise UsageError(f"{show_path(path)} is {what}", hint="Give a file after --report")

    @property
    def is_standard_output(self) -> bool:
        """Whether the report goes where standard output goes."""
        status = _status(self._path)
        return status is not None and _is_stream(status, (sys.stdout,))

    def write(self, report: Report) -> None:
        """Put the report in place; raises UsageError where a file of the run is there, ColorizeError."""
        text = report.as_json()
        with _errors(self._path, StreamError):
            status = _status(self._path)
            if status is not None and _is_stream(status):
                _write_stream(text, status)
            elif self._pipe is not None:
                with os.fdopen(self._pipe, "w", encoding="ascii") as pipe:
                    pipe.write(text)
            elif status is not None and not stat.S_ISREG(status.st_mode):
                with self._path.open("w", encoding="ascii") as device:
                    device.write(text)
            else:
                self._check_not_of_run(report)
                replace_file(_target(self._path), text.encode())

    def _check_file(self, status: os.stat_result | None) -> None:
        """Refuse what is no report of ours, or no place for one."""
        if self._path.suffix.lower() in PICTURE_SUFFIXES or (status is not None and not _may_be_replaced(self._path)):
            raise UsageError(
                f"{show_path(self._path)} is no report", hint="Give another file after --report, such as run.json"
            )
        if status is None or not _is_stream(status):
            check_replaceable(_target(self._path))

    def _check_not_of_run(self, report: Report) -> None:
        """Refuse to replace what the run read or wrote."""
        place = os.path.realpath(self._path)
        files = (path for record in report.records for path in (record.input, *record.outputs))
        if any(path.endswith(self._path.name) and os.path.realpath(path) == place for path in files):
            raise UsageError(f"{show_path(self._path)} is a file of this run", hint="Give another file after --report")


def _status(path: Path) -> os.stat_result | None:
    """What is there, behind links; None for nothing."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _target(path: Path) -> Path:
    """The file behind links."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _is_stream(status: os.stat_result, streams: tuple[object, ...] | None = None) -> bool:
    """Whether a file is one of our own standard streams."""
    return any(_is_at(stream, status) for stream in streams or (sys.stdout, sys.stderr))


def _is_at(stream: object, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), status)  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):  # there is none, or it is no file
        return False


def _write_stream(text: str, status: os.stat_result) -> None:
    stream = sys.stdout if _is_at(sys.stdout, status) else sys.stderr
    stream.write(text)
    stream.flush()


def _open_pipe(path: Path) -> int:
    """A pipe open for writing, once somebody reads it; raises OSError."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > until:
                raise UsageError(
                    f"nobody reads the pipe {show_path(path)}", hint="Start its reader first, or give a file"
                ) from error
            time.sleep(0.02)
        else:
            os.set_blocking(pipe, True)
            return pipe


def _may_be_replaced(path: Path) -> bool:
    """Whether a file is empty or a report of a batch."""
    data = path.read_bytes()
    try:
        content = json.loads(data) if data else {"command": "", "records": []}
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and isinstance(content.get("command"), str) and "records" in content


@contextlib.contextmanager
def _errors(path: Path, kind: type[ColorizeError]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise kind(f"cannot write the report {show_path(path)}: {reason}", hint="Check --report") from error
