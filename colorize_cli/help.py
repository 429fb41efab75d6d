"""Plain help whose options stand under the headings that they name, so that long commands can be read."""

from typing import TYPE_CHECKING

from typer.core import TyperCommand

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

_WIDEST_NAME = 30  # letters: a longer name of an option stands on a line of its own


class Command(TyperCommand):
    """A command whose --help shows each option under its `rich_help_panel`; those without one come first."""

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
