"""colorize-cli methods: what can be chosen and set."""

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from colorize_cli.help import Command

if TYPE_CHECKING:
    from pipelines.core.errors import UsageError

FAMILIES = ("lines", "hints", "regions", "models")
EPILOG = """\b
Examples:
  colorize-cli methods
  colorize-cli methods lines xdog"""


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("methods", cls=Command, epilog=EPILOG)(methods)


def methods(
    family: Annotated[str | None, typer.Argument(metavar="[lines|hints|regions|models]", show_default=False)] = None,
    name: Annotated[str | None, typer.Argument(metavar="[METHOD]", show_default=False)] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List methods and the settings that --set takes."""
    from json import dumps

    from colorize_cli.console import say
    from pipelines.core import registry
    from pipelines.core.errors import UsageError

    if family is not None and family not in FAMILIES:
        raise UsageError(f"there is no family '{family}'", hint=registry.suggestion(family, FAMILIES))
    if name is not None and family is not None:
        modules, error = {f"{family} {name}": registry.load(family, name)}, None
    else:
        modules, error = _load_all([family] if family else FAMILIES)
    if json:
        say(dumps({title: _as_json(module) for title, module in modules.items()}, indent=2))
    else:
        for title, module in modules.items():
            _say_method(title, module)
    if error:
        raise error


def _load_all(families: Sequence[str]) -> tuple[dict[str, ModuleType], "UsageError | None"]:
    """Every method that can be loaded; and of an installed package's model that cannot, why (the first, if several)."""
    from pipelines.core import registry
    from pipelines.core.errors import UsageError

    modules: dict[str, ModuleType] = {}
    first_error = None
    for family in families:
        for name in registry.names(family):
            try:
                modules[f"{family} {name}"] = registry.load(family, name)
            except UsageError as error:
                first_error = first_error or error
    return modules, first_error


def _say_method(title: str, module: ModuleType) -> None:
    from colorize_cli.console import say
    from pipelines.core.settings import describe

    say(f"{title}: {(module.__doc__ or '').splitlines()[0]}")
    for setting in describe(module):
        default = f"{setting.name}={setting.default}"
        say(f"    {default:32} {setting.kind}{'; ' + setting.meaning if setting.meaning else ''}")
    for preset in getattr(module, "PRESETS", {}):
        say(f"    --preset {preset}")


def _as_json(module: ModuleType) -> dict[str, Any]:
    from pipelines.core.settings import describe, plain

    return {
        "settings": [plain(setting) for setting in describe(module)],
        "presets": plain(getattr(module, "PRESETS", {})),
    }
