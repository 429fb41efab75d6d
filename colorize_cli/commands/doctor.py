"""colorize-cli doctor: is this machine fit, and if not, what to type."""

from typing import Annotated, Any

import typer

from colorize_cli.help import Command

EPILOG = """\b
Examples:
  colorize-cli doctor
  colorize-cli doctor --json > doctor.json"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("doctor", cls=Command, epilog=EPILOG)(doctor)


def doctor(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Check versions, OpenCV, devices, threads, weights, folders and variables; exit 1 with what to type."""
    import os
    from dataclasses import asdict
    from json import dumps
    from pathlib import Path

    import pipelines
    from colorize_cli.console import say
    from colorize_cli.diagnosis import diagnose
    from pipelines.core.exit_codes import ExitCode

    commands: Any = getattr(context.parent and context.parent.command, "commands", {})
    findings = diagnose(os.environ, _variables(commands), folder=Path(), commands=tuple(commands))
    problems = sum(finding.state == "problem" for finding in findings)
    code = ExitCode.FAILED if problems else ExitCode.DONE
    if json:
        checks = [asdict(finding) for finding in findings]
        say(dumps({"version": pipelines.__version__, "exit_code": int(code), "checks": checks}, indent=2))
    else:
        say("\n".join(finding.as_text() for finding in findings))
        say(
            f"{problems} {'problem' if problems == 1 else 'problems'}: type what stands behind ->"
            if problems
            else "all is well"
        )
    raise typer.Exit(code)


def _variables(commands: Any) -> dict[str, str]:
    """The variables that options of any command read, with the option of each."""
    return {
        str(parameter.envvar): str(parameter.opts[0])
        for command in commands.values()
        for parameter in command.params
        if parameter.envvar
    }
