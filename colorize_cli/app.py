"""The Typer application: commands, and errors as one line and an exit code."""

import contextlib
import os
import sys
from typing import Annotated, TextIO

import typer

import pipelines
from colorize_cli.commands import (
    blend,
    build_dataset,
    colorize,
    contact_sheet,
    doctor,
    evaluate,
    extract_lines,
    init,
    make_hints,
    methods,
    models,
    regions,
    schema,
    train,
    translate,
)
from pipelines.core.errors import ColorizeError
from pipelines.core.exit_codes import ExitCode

COMMANDS = (  # in the order of --help
    extract_lines,
    make_hints,
    regions,
    colorize,
    translate,
    blend,
    build_dataset,
    train,
    models,
    evaluate,
    contact_sheet,
    methods,
    schema,
    doctor,
    init,
)

app = typer.Typer(
    name="colorize-cli",
    help="Batch colorization of line art: a folder of line art in, a folder of finished full-size colour out.",
    epilog="Exit codes: 0 all done or skipped, 1 some pictures failed, 2 wrong usage or settings, "
    "3 no picture found, 130 interrupted.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in COMMANDS:
    command.add_to(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"colorize-cli {pipelines.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; the only place where an error becomes a line and an exit code."""
    try:
        app(arguments)
    except ColorizeError as error:
        from colorize_cli.console import say_error

        say_error(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(ExitCode.FAILED)
    except OSError as error:  # such as a page of help that cannot be printed
        from colorize_cli.console import say_error
        from pipelines.core.batch.workers import explain

        say_error(explain(error))
        sys.exit(ExitCode.FAILED)
    finally:
        _let_go(sys.stdout, sys.stderr)


def _let_go(*streams: TextIO | None) -> None:
    """Flush the standard streams; what cannot be written is dropped, so that Python does not try again at its end."""
    for stream in streams:
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                with contextlib.suppress(OSError, ValueError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
