"""How a run is told on standard output: one file a format, its name what one types after `--output-format`."""

import importlib
from typing import TYPE_CHECKING, Literal, Protocol, cast

if TYPE_CHECKING:
    from pipelines.core.batch.report import Record, Report
    from pipelines.core.errors import ColorizeError

FormatName = Literal["text", "json", "json-lines", "github", "junit", "sarif"]


class OutputFormat(Protocol):
    """What a format says; an empty text where it has nothing to say."""

    def of_record(self, record: "Record") -> str:
        """What is printed as soon as an input ends."""

    def of_report(self, report: "Report") -> str:
        """What is printed at the end of a run."""

    def of_error(self, error: "ColorizeError") -> str:
        """What is printed where an error keeps a run from being, beside its line on standard error."""


def load(name: FormatName) -> OutputFormat:
    """The format of a name."""
    return cast(OutputFormat, importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))
