"""colorize-cli contact-sheet: folders of pictures -> one labelled picture to look at."""

from typing import Annotated

import typer

from colorize_cli.help import Command
from colorize_cli.options import BatchOptions, batch_command

EPILOG = """\b
Examples:
  colorize-cli contact-sheet lines/ hints/ colour/ -o sheet.png
  colorize-cli contact-sheet before/ after/ -o sheet.png --label Before --label After --cell 384 --limit 12"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("contact-sheet", cls=Command, epilog=EPILOG)(contact_sheet)


@batch_command
def contact_sheet(
    folders: Annotated[list[str], typer.Argument(metavar="FOLDER...", help="One column each.", show_default=False)],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE.png", show_default=False)],
    label: Annotated[list[str] | None, typer.Option(help="Heading of a column. Default: the folder's name.")] = None,
    cell: Annotated[int, typer.Option(min=16, max=4096, help="Longer side of a cell, px.")] = 256,
    across: Annotated[int | None, typer.Option(min=1, help="Pictures side by side. Default: a square sheet.")] = None,
    *,
    batch: BatchOptions,
) -> None:
    """Lay pictures of the same name side by side on one sheet."""
    from functools import partial

    from colorize_cli.run import run_batch
    from pipelines.contact_sheet import contact_sheet as stage

    run_batch(
        batch,
        partial(stage, folders, output, labels=label or (), cell=cell, across=across),
        inputs=folders,
        output=output,
    )
