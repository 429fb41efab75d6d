"""colorize-cli extract-lines: pictures -> line drawings."""

from typing import Annotated

import typer

from colorize_cli.help import Command
from colorize_cli.options import BatchOptions, Inputs, Output, Preset, SetValues, batch_command, choices

EPILOG = """\b
Examples:
  colorize-cli extract-lines art/ -o lines/
  colorize-cli extract-lines 'art/**/*.png' -o lines/ --method xdog --preset salac --seed 7
  colorize-cli extract-lines art/ -o lines/ --method network --weights lines.onnx
  colorize-cli extract-lines scans/ -o clean/ --keep-tone
  curl -s URL | colorize-cli extract-lines - > lines.png"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("extract-lines", cls=Command, epilog=EPILOG)(extract_lines)


@batch_command
def extract_lines(
    inputs: Inputs = None,
    output: Output = None,
    method: Annotated[
        str, typer.Option(help="How lines are found.", metavar=choices("lines"), envvar="COLORIZE_CLI_LINE_METHOD")
    ] = "adaptive",
    preset: Preset = None,
    set_values: SetValues = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", show_default=False, help="With --method network: the network, TorchScript or ONNX."
        ),
    ] = None,
    *,
    keep_tone: Annotated[
        bool,
        typer.Option(
            "--keep-tone",
            help="Clean up scans and photos of drawings instead: pure white paper, pencil and ink in their own grey.",
        ),
    ] = False,
    batch: BatchOptions,
) -> None:
    """Extract line drawings: black ink on white paper, 8-bit grey PNG."""
    from functools import partial

    from colorize_cli.run import method_values, run_batch
    from pipelines.extract_lines import extract_lines as stage

    values = method_values(batch, "extract-lines", set_values)
    run_batch(
        batch,
        partial(
            stage,
            inputs or [],
            output,
            method=method,
            preset=preset,
            weights=weights,
            keep_tone=keep_tone,
            values=values,
        ),
        inputs=inputs,
        output=output,
    )
