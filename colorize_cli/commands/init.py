"""colorize-cli init: a commented settings file from the folders that are there."""

from typing import Annotated

import typer

from colorize_cli.help import Command

EPILOG = """\b
Examples:
  colorize-cli init
  colorize-cli init art/ --json"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("init", cls=Command, epilog=EPILOG)(init)


def init(
    folder: Annotated[
        str, typer.Argument(metavar="[FOLDER]", help="Where colorize.toml is written.", show_default=False)
    ] = ".",
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Write colorize.toml, with the folders that are found, commented; an existing one stays as it is."""
    from dataclasses import asdict
    from json import dumps

    from colorize_cli.console import say
    from colorize_cli.starter_settings import write_starter_settings

    starter = write_starter_settings(folder)
    if json:
        say(dumps(asdict(starter), indent=2))
    else:
        say(starter.as_text())
