"""colorize-cli regions: line art -> labelled regions."""

from typing import Annotated

import typer

from colorize_cli.help import Command
from colorize_cli.options import BatchOptions, Clean, Inputs, Output, Preset, SetValues, batch_command, choices

EPILOG = """\b
Examples:
  colorize-cli regions lines/ -o regions/
  colorize-cli regions sketch.png -o regions/ --set gap=12"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("regions", cls=Command, epilog=EPILOG)(regions)


@batch_command
def regions(
    inputs: Inputs = None,
    output: Output = None,
    method: Annotated[str, typer.Option(help="How regions are found.", metavar=choices("regions"))] = "trapped_ball",
    preset: Preset = None,
    set_values: SetValues = None,
    preview: Annotated[bool, typer.Option(help="Also write NAME.preview.png in false colours.")] = True,
    clean: Clean = None,
    *,
    batch: BatchOptions,
) -> None:
    """Label the regions that lines enclose: 16-bit PNG, 0 is ink."""
    from functools import partial

    from colorize_cli.run import method_values, run_batch
    from pipelines.segment_regions import segment_regions as stage

    values = method_values(batch, "regions", set_values)
    run_batch(
        batch,
        partial(
            stage,
            inputs or [],
            output,
            method=method,
            preset=preset,
            values=values,
            preview=preview,
            clean=clean,
        ),
        inputs=inputs,
        output=output,
    )
