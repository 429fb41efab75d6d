"""Plain help whose options stand under the headings that they name, so that long commands can be read."""

import dataclasses
import json
from typing import TYPE_CHECKING, Any, cast

from typer.core import TyperCommand

if TYPE_CHECKING:
    import typer
    from typer._click import Context, HelpFormatter

SHOW_SETTINGS = "show_settings"
"""The option with which a command prints the values of its options instead of running."""

_WIDEST_NAME = 30  # letters: a longer name of an option stands on a line of its own


class Command(TyperCommand):
    """A command whose --help shows each option under its `rich_help_panel`; those without one come first."""

    def invoke(self, ctx: "Context") -> Any:
        """Run the command, or with --show-settings print what each option is and why."""
        if not ctx.params.get(SHOW_SETTINGS):
            return super().invoke(ctx)
        from colorize_cli.console import say
        from colorize_cli.settings_files import effective_values

        values = list(effective_values(cast("typer.Context", ctx)))
        if ctx.params.get("json") or ctx.params.get("output_format") == "json":
            listed = [dataclasses.asdict(value) for value in values]
            say(json.dumps({"command": ctx.info_name, "values": listed}, indent=2))
        else:
            say("\n".join(value.as_text() for value in values))
        return None

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the arguments, then the options, a section for each heading in the order in which they are declared."""
        arguments: list[tuple[str, str]] = []
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx)
            if row is None:
                continue
            if parameter.param_type_name == "argument":
                arguments.append(row)
            else:
                sections.setdefault(getattr(parameter, "rich_help_panel", None) or "Options", []).append(row)
        _write({"Arguments": arguments}, formatter)
        _write(sections, formatter)


def _write(sections: dict[str, list[tuple[str, str]]], formatter: "HelpFormatter") -> None:
    """Write sections of names and texts, the texts of all sections in one column."""
    names = [name for rows in sections.values() for name, _ in rows]
    width = min(max(map(len, names), default=0), _WIDEST_NAME)
    for heading, rows in sections.items():
        if rows:
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width) if text else name, text) for name, text in rows])
