"""colorize-cli make-hints: coloured pictures -> colour hints."""

from typing import Annotated

import typer

from colorize_cli.help import Command
from colorize_cli.options import BatchOptions, Inputs, Output, Preset, SetValues, batch_command, choices

EPILOG = """\b
Examples:
  colorize-cli make-hints art/ -o hints/
  colorize-cli make-hints art/ -o hints/ --set hints=20 --composite --lines lines/"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("make-hints", cls=Command, epilog=EPILOG)(make_hints)


@batch_command
def make_hints(
    inputs: Inputs = None,
    output: Output = None,
    method: Annotated[
        str, typer.Option(help="How hints are placed.", metavar=choices("hints"), envvar="COLORIZE_CLI_HINT_METHOD")
    ] = "kmedoids",
    preset: Preset = None,
    set_values: SetValues = None,
    composite: Annotated[
        bool, typer.Option("--composite", help="Also write NAME.composite.png: the hints painted on the line art.")
    ] = False,
    lines: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Line art for --composite, by name. Default: lines extracted from the picture."
        ),
    ] = None,
    *,
    batch: BatchOptions,
) -> None:
    """Place colour hints: RGBA PNG, transparent where there is none."""
    from functools import partial

    from colorize_cli.run import method_values, run_batch
    from pipelines.make_hints import make_hints as stage

    values = method_values(batch, "make-hints", set_values)
    run_batch(
        batch,
        partial(
            stage,
            inputs or [],
            output,
            method=method,
            preset=preset,
            values=values,
            composite=composite,
            lines=lines,
        ),
        inputs=inputs,
        output=output,
    )
