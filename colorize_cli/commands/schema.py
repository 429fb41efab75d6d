"""colorize-cli schema: JSON Schemas of what programs read."""

from typing import Annotated

import typer

from colorize_cli.help import Command

EPILOG = """\b
Examples:
  colorize-cli schema
  colorize-cli schema report > report.schema.json"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("schema", cls=Command, epilog=EPILOG)(schema)


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Which schema. Default: list them.", show_default=False)
    ] = None,
) -> None:
    """Print the JSON Schema of a record, report or other file that programs read."""
    from json import dumps

    from colorize_cli.console import say
    from colorize_cli.schemas import SCHEMAS, document

    if name is None:
        say("\n".join(f"{each}: {content['description']}" for each, content in SCHEMAS.items()))
    else:
        say(dumps(document(name), indent=2))
