"""colorize-cli evaluate: results beside the truth -> figures and reports."""

from typing import Annotated

import typer

from colorize_cli.help import Command
from colorize_cli.options import BatchOptions, batch_command, choices

EPILOG = """\b
Examples:
  colorize-cli evaluate colour/ --truth finished/ -o report/
  colorize-cli evaluate flat/ mine=runs/7/colour --truth finished/ --lines lines/ --hints hints/ -o report/
  colorize-cli evaluate flat/ pix2pix/ --truth finished/ -o report/ --compare flat pix2pix
  colorize-cli evaluate colour/ --truth finished/ -o report/ --fail-under psnr=28 --fail-under psnr.min=20
  colorize-cli evaluate colour/ --truth finished/ -o report/ --baseline main/report.json --no-worse psnr=0.2
  colorize-cli evaluate flat/ pix2pix/ --truth finished/ -o report/ --ab
  colorize-cli evaluate --votes votes/*.json"""

_WHAT, _JUDGED, _SHOWN = "What is measured", "How it is judged", "What is shown"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("evaluate", cls=Command, epilog=EPILOG)(evaluate)


@batch_command
def evaluate(
    results: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RESULTS...", help="Folders of results, one for each method: PATH or NAME=PATH.", show_default=False
        ),
    ] = None,
    truth: Annotated[
        str | None, typer.Option(metavar="DIR|FILE", help="What the results should be, by name.", show_default=False)
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="REPORT", help="Folder of the report.", show_default=False)
    ] = None,
    lines: Annotated[
        str | None,
        typer.Option(metavar="DIR|FILE", help="Line art: for figures of lines and regions.", show_default=False),
    ] = None,
    hints: Annotated[
        str | None, typer.Option(metavar="DIR|FILE", help="Hints: for hint_obedience.", show_default=False)
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar=choices("metrics"),
            rich_help_panel=_WHAT,
            show_default=False,
            help="Measure only this; may be repeated. Default: all that need no weights.",
        ),
    ] = None,
    resize: Annotated[
        bool, typer.Option("--resize", help="Bring results of another size to the truth's.", rich_help_panel=_WHAT)
    ] = False,
    frames: Annotated[
        bool,
        typer.Option("--frames", help="Names such as walk/3 are frames of one sequence.", rich_help_panel=_WHAT),
    ] = False,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=FILE",
            rich_help_panel=_WHAT,
            show_default=False,
            help="Network of lpips, gram, fid or kid. A TorchScript file (fid, kid) is a program that runs: give "
            "only what you trust, or weights of Inception-v3 as .safetensors, which never run. Default: METRIC.* in "
            "the folder COLORIZE_CLI_WEIGHTS.",
        ),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Test whether B is better than A.", rich_help_panel=_JUDGED),
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC[.STATISTIC]=X",
            rich_help_panel=_JUDGED,
            help="Exit code 1 where a method is below: in the mean, or with psnr.min, .p05, .median, .p95, .max there.",
        ),
    ] = None,
    fail_over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC[.STATISTIC]=X",
            rich_help_panel=_JUDGED,
            help="The same where a method is above, as in delta_e.max=20.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="REPORT.json",
            rich_help_panel=_JUDGED,
            show_default=False,
            help="An earlier report.json for --no-worse; compared on the pictures that both have.",
        ),
    ] = None,
    no_worse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC[.STATISTIC]=X",
            rich_help_panel=_JUDGED,
            help="Exit code 1 where a method is worse than the baseline by more than X: lower or higher, as the metric "
            "goes.",
        ),
    ] = None,
    partial: Annotated[
        bool,
        typer.Option(
            "--partial",
            rich_help_panel=_WHAT,
            help="Evaluate the results that are there; say which are missing instead of failing.",
        ),
    ] = False,
    gallery: Annotated[
        int, typer.Option(min=0, help="Pictures shown on the page, worst and best.", rich_help_panel=_SHOWN)
    ] = 24,
    ab: Annotated[
        bool, typer.Option("--ab", help="Write ab.html too: a page for blind votes.", rich_help_panel=_SHOWN)
    ] = False,
    pairs: Annotated[int, typer.Option(min=1, help="Pairs on that page.", rich_help_panel=_SHOWN)] = 30,
    votes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE...",
            rich_help_panel=_SHOWN,
            show_default=False,
            help="Read votes of that page back: preference rates and opinion scores.",
        ),
    ] = None,
    *,
    batch: BatchOptions,
) -> None:
    """Compare results with the truth: figures with confidence intervals, a table, a page to look at."""
    from colorize_cli.console import say
    from colorize_cli.run import run_batch
    from pipelines.core.batch.plan import BatchSettings
    from pipelines.core.batch.report import Observer
    from pipelines.core.errors import UsageError
    from pipelines.evaluate import EvaluateOptions, EvaluationReport, References
    from pipelines.evaluate import evaluate as stage

    if votes:
        if batch.format not in ("text", "json"):
            raise UsageError(f"votes are not shown as {batch.format}", hint="Use --output-format text or json")
        _show_votes([*votes, *(results or [])], json=batch.format == "json")
        return
    if truth is None or output is None:
        missing = "--truth" if truth is None else "-o"
        raise UsageError(f"{missing} is missing", hint="Write colorize-cli evaluate RESULTS... --truth DIR -o REPORT")
    references = References(truth=truth, lines=lines, hints=hints)
    options = EvaluateOptions(
        metrics=tuple(metric or ()),
        weights=_weights(weights, metric or []),
        frames=frames,
        resize=resize,
        compare=(compare,) if compare else (),
        fail_under=_limits(fail_under, "--fail-under"),
        fail_over=_limits(fail_over, "--fail-over"),
        baseline=baseline,
        no_worse=_limits(no_worse, "--no-worse"),
        partial=partial,
        gallery=gallery,
        ballot=pairs if ab else None,
    )
    tables: list[str] = []

    def measure(*, batch: BatchSettings, observer: Observer) -> EvaluationReport:
        report = stage(results or [], references, output, options=options, batch=batch, observer=observer)
        tables.append(report.table)
        return report

    try:
        run_batch(batch, measure, inputs=results, output=output)
    finally:  # the command ends with an exit code, whatever came of it
        if tables and batch.format == "text":
            say(tables[0])


def _limits(texts: list[str] | None, option: str) -> dict[str, float]:
    """The limits that METRIC=X texts set, by metric."""
    from pipelines.core.errors import UsageError
    from pipelines.core.settings import assignments, convert

    limits = assignments(texts or [])
    if len(limits) != len(texts or []):
        raise UsageError(f"{option} names a metric twice", hint="Give one limit for each metric")
    return {name: float(str(convert(value, float, name=f"{option} {name}"))) for name, value in limits.items()}


def _weights(texts: list[str] | None, metrics: list[str]) -> dict[str, str]:
    """Metric -> file: as given, else, for metrics asked for by name, from the folder COLORIZE_CLI_WEIGHTS."""
    import os
    from pathlib import Path

    from pipelines.core.settings import assignments

    folder = os.environ.get("COLORIZE_CLI_WEIGHTS")
    files = {path.stem: str(path) for path in sorted(Path(folder).glob("*.*"))} if folder else {}
    return {name: path for name, path in files.items() if name in metrics} | assignments(texts or [])


def _show_votes(files: list[str], *, json: bool) -> None:
    from colorize_cli.console import say
    from pipelines.core.json_text import to_json
    from pipelines.count_votes import count_votes as stage

    count = stage(files)
    say(to_json(count.summary(), indent=2) if json else count.table)
