"""Which output format counts where several options, a settings file and the environment ask for one."""

from typing import Any

import typer

from colorize_cli.output_formats import FormatName
from pipelines.core.errors import UsageError

_OPTIONS = ("output_format", "json", "json_lines")
_ORIGINS = ("COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT")  # the strongest first


def weaker_gives_way(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
    """Leave out a format that a settings file or the environment asks for where a stronger place asks for another.

    Options of the command line come here before others, those of one origin in the order in which they are declared.
    """
    origin = context.get_parameter_source(str(parameter.name))
    others = [name for name in _OPTIONS if name != parameter.name and context.params.get(name)]
    is_weaker = any(_is_stronger(context.get_parameter_source(name), origin) for name in others)
    return None if is_weaker and value else value


def choose_format(output_format: FormatName | None, *, json: bool, json_lines: bool) -> FormatName:
    """The one format that is asked for; raises UsageError where options ask for several."""
    asked: dict[FormatName, str] = {}
    if output_format is not None:
        asked[output_format] = f"--output-format {output_format}"
    if json:
        asked.setdefault("json", "--json")
    if json_lines:
        asked.setdefault("json-lines", "--json-lines")
    if len(asked) > 1:
        raise UsageError(f"{' and '.join(asked.values())} contradict each other", hint="Leave one of them out")
    return next(iter(asked), "text")


def _is_stronger(origin: Any, other: Any) -> bool:
    return _ORIGINS.index(origin.name) < _ORIGINS.index(other.name)
