"""Every error that a user can meet, each with one line that says what is wrong and what to do instead.

ColorizeError                 exit 1
├── PictureError              one picture cannot be read or written: a row of the report
├── MethodError               a method cannot work on this picture: a row of the report
├── StreamError               a standard stream is closed or full
├── OutputExistsError         an output is in the way that this tool did not write
├── UsageError                exit 2: options that contradict each other, in == out, collisions
│   └── SettingsError         exit 2: a setting that does not exist or has the wrong type
├── MissingPackageError       exit 2: an optional package is not installed
└── NothingMatchedError       exit 3: no input picture was found
"""

from pipelines.core.exit_codes import ExitCode


class ColorizeError(Exception):
    """The root of the tree; `hint` says in one sentence what to do instead."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:  # keeps the hint on the way back from a worker process
        return _rebuild, (type(self), self.message, self.hint, vars(self).get("part", ""))


def _rebuild(kind: type[ColorizeError], message: str, hint: str, part: str) -> ColorizeError:
    error = kind(message, hint=hint)
    if part and isinstance(error, PictureError):
        error.part = part
    return error


class PictureError(ColorizeError):
    """One picture cannot be read or written.

    `part` is what it was read as, where an input has several, such as "hints"; a batch then names that file.
    """

    part = ""


class MethodError(ColorizeError):
    """A method cannot work on this picture with these settings."""


class OutputExistsError(ColorizeError):
    """An output is in the way that this tool did not write or that was changed since."""


class StreamError(ColorizeError):
    """A standard stream, or a pipe that was named, is closed or cannot be written to."""


class UsageError(ColorizeError):
    """Options or paths that cannot work together."""

    exit_code = ExitCode.USAGE


class SettingsError(UsageError):
    """A setting that does not exist, has the wrong type or is out of range."""


class MissingPackageError(ColorizeError):
    """An optional package is not installed."""

    exit_code = ExitCode.USAGE


class NothingMatchedError(ColorizeError):
    """No input picture was found."""

    exit_code = ExitCode.NOTHING_MATCHED
