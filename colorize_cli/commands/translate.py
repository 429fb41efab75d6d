"""colorize-cli translate: pictures of one kind -> pictures of another."""

from pathlib import Path
from typing import Annotated

import typer

from colorize_cli.help import Command
from colorize_cli.options import (
    BatchOptions,
    BatchSize,
    Device,
    Domain,
    Engine,
    Inputs,
    Output,
    Precision,
    batch_command,
)

EPILOG = """\b
Examples:
  colorize-cli build-dataset pairs/ -o dataset/ --read AB --input picture
  colorize-cli train dataset/ -o runs/maps --preset maps
  colorize-cli translate aerial/ -o maps/ --model runs/maps
  colorize-cli translate - --model maps.onnx < aerial.jpg > map.png
Line art is coloured by colorize, which lays it on top again."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("translate", cls=Command, epilog=EPILOG)(translate)


@batch_command
def translate(
    inputs: Inputs = None,
    output: Output = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN|FILE.onnx",
            show_default=False,
            help="The run, checkpoint or FILE.onnx of a network that reads pictures, such as of train --preset maps.",
        ),
    ] = None,
    device: Device = "auto",
    engine: Engine = "torch",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    domain: Domain = None,
    *,
    batch: BatchOptions,
) -> None:
    """Turn pictures into others by a trained network, each at its own size: aerial photographs into maps, and back."""
    from functools import partial

    from colorize_cli.run import run_batch
    from pipelines.core.errors import UsageError
    from pipelines.translate import translate as stage

    if model is None:
        raise UsageError("there is no model", hint="Give a run of train: --model RUN")
    run_batch(
        batch,
        partial(
            stage,
            inputs or [],
            output,
            model=str(model),
            domain=domain,
            device=device,
            engine=engine,
            precision=precision,
            batch_size=batch_size,
        ),
        inputs=inputs,
        output=output,
    )
