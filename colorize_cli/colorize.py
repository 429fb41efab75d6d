"""colorize-cli colorize: line art -> finished colour."""

from typing import Annotated

import typer

from colorize_cli.options import BatchOptions, Inputs, Output, Preset, SetValues, batch_command, choices, one_of

EPILOG = """\b
Examples:
  colorize-cli colorize lines/ -o colour/ --hints hints/
  colorize-cli colorize lines/ -o colour/ --reference finished/ --background transparent
  colorize-cli colorize sketch.png -o sketch-colour.png --palette hero.gpl --seed 3
  colorize-cli colorize - --hints hints.png < lines.png > colour.png"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("colorize", epilog=EPILOG)(colorize)


@batch_command
def colorize(
    inputs: Inputs = None,
    output: Output = None,
    model: Annotated[
        str, typer.Option(help="What paints the colours.", metavar=choices("models"), envvar="COLORIZE_CLI_MODEL")
    ] = "flat",
    hints: Annotated[
        str | None,
        typer.Option(metavar="DIR|FILE", help="Hints: RGBA pictures of the same name, transparent but for the hints."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|FILE",
            help="Coloured pictures in which hints are found; one file for many pictures gives its colours.",
        ),
    ] = None,
    palette: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Palette whose colours the regions take: .gpl .hex .pal .act .aco .ase .png"),
    ] = None,
    background: Annotated[
        str,
        typer.Option(
            metavar="auto|paper|transparent",
            callback=one_of("auto", "paper", "transparent"),
            help="Paper outside the figure; auto: transparent where the line art is.",
        ),
    ] = "auto",
    lines: Annotated[
        str,
        typer.Option(
            metavar="keep|none",
            callback=one_of("keep", "none"),
            help="Line art on top of the colour, unchanged, or colour alone.",
        ),
    ] = "keep",
    preset: Preset = None,
    set_values: SetValues = None,
    *,
    batch: BatchOptions,
) -> None:
    """Colorize line art at its own size, the lines on top unchanged."""
    from functools import partial

    from colorize_cli.run import method_values, run_batch
    from pipelines.colorize import Guides
    from pipelines.colorize import colorize as stage

    values = method_values(batch, "colorize", set_values)
    run_batch(
        batch,
        partial(
            stage,
            inputs or [],
            output,
            model=model,
            preset=preset,
            values=values,
            guides=Guides(hints, reference, palette),
            background=background,  # type: ignore[arg-type]
            lines=lines,  # type: ignore[arg-type]
        ),
        inputs=inputs,
        output=output,
    )
