"""colorize-cli blend: two folders of pictures -> one, as layers are blended."""

from typing import Annotated

import typer

from colorize_cli.help import Command
from colorize_cli.options import BatchOptions, Output, batch_command

EPILOG = """\b
Examples:
  colorize-cli blend --base pix2pix/ --top cyclegan/ -o merged/ --mode divide --opacity 0.4
  colorize-cli blend --base flats.png --top shade.png -o finished.png --mode multiply"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("blend", cls=Command, epilog=EPILOG)(blend)


@batch_command
def blend(
    base: Annotated[str, typer.Option(metavar="DIR|FILE", help="The layer below.", show_default=False)],
    top: Annotated[
        str, typer.Option(metavar="DIR|FILE", help="The layer above, of the same names.", show_default=False)
    ],
    output: Output = None,
    mode: Annotated[str, typer.Option(help="Blend mode: normal, multiply, screen, overlay, divide, ...")] = "normal",
    opacity: Annotated[float, typer.Option(min=0, max=1, help="Opacity of the top layer.")] = 1.0,
    *,
    batch: BatchOptions,
) -> None:
    """Blend pictures of the same name as layers are blended."""
    from functools import partial

    from colorize_cli.run import run_batch
    from pipelines.blend import blend as stage

    run_batch(
        batch,
        partial(stage, base, top, output, mode=mode, opacity=opacity),
        inputs=[base],
        output=output,
    )
