"""colorize-cli methods: what can be chosen and set."""

from types import ModuleType
from typing import Annotated, Any

import typer

from colorize_cli.help import Command

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
    from pipelines.core.settings import describe

    if family is not None and family not in FAMILIES:
        raise UsageError(f"there is no family '{family}'", hint=registry.suggestion(family, FAMILIES))
    modules = {
        f"{kind} {method}": registry.load(kind, method)
        for kind in ([family] if family else FAMILIES)
        for method in ([name] if name else registry.names(kind))
    }
    if json:
        say(dumps({title: _as_json(module) for title, module in modules.items()}, indent=2))
        return
    for title, module in modules.items():
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
