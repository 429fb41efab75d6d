"""Words and places that several formats share."""

import os
from pathlib import Path

from pipelines.core.batch.report import Report
from pipelines.core.files import show_path

TOOL = "colorize-cli"


def one_line(text: str) -> str:
    """A text on one line of printable letters."""
    return show_path(text)


def counted(report: Report) -> str:
    """How many inputs there were and what came of them."""
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items())
    dry_run = " (dry run: nothing was written)" if report.dry_run else ""
    return f"{len(report.records)} pictures: {counts} in {report.seconds:.1f} s{dry_run}"


def run_problems(report: Report) -> tuple[str, ...]:
    """What is wrong with a run as a whole, beside inputs that failed: limits that were not kept, an early end."""
    stopped = (f"stopped by {report.stopped_by}: run the same command again to go on",) if report.stopped_by else ()
    return (*report.unmet, *stopped)


def path_in_repository(path: str) -> str:
    """A path as CI services want it: with /, from the root of the checkout where the service names that, else as given.

    GitHub names it in GITHUB_WORKSPACE.
    """
    workspace = os.environ.get("GITHUB_WORKSPACE")
    absolute = Path(os.path.normpath(Path.cwd() / path))
    if workspace and absolute.is_relative_to(workspace):
        return absolute.relative_to(workspace).as_posix()
    return Path(path).as_posix()
