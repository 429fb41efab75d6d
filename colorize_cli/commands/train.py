"""colorize-cli train: datasets of pairs -> a model that colours."""

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from typing import Annotated, Any

import typer

from colorize_cli.options import Preset, Quiet, SettingsFile, SetValues, one_of
from pipelines.core.settings import describe_fields
from pipelines.training.config import TrainConfig

EPILOG = """\b
Examples:
  colorize-cli train dataset/ -o runs/pix2pix
  colorize-cli train dataset/ -o runs/cyclegan --model cyclegan --preset small --minutes 60
  colorize-cli train dataset/ -o runs/pix2pix --preset fakemon --dry-run
  colorize-cli train dataset/ -o runs/pix2pix --settings examples/fakemon.toml
The same command goes on with a run that was stopped. Ctrl-C saves and leaves."""

_HOW = "How it is trained (default: the preset's recipe)"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("train", epilog=EPILOG)(train)


def _training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each field of `TrainSettings` in place of its parameter `training`."""
    signature = inspect.signature(command)
    own = [parameter for name, parameter in signature.parameters.items() if name != "training"]
    hints = typing.get_type_hints(TrainConfig)
    made = []
    for setting in describe_fields(TrainConfig):
        annotation = _option(setting.name, hints[setting.name], f"{setting.meaning}.", setting.default)
        made.append(
            inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        )

    @functools.wraps(command)
    def with_training(**given: Any) -> None:
        settings = {parameter.name: given.pop(parameter.name) for parameter in made}
        command(**given, training={name: value for name, value in settings.items() if value is not None})

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [parameter.replace(kind=keyword) for parameter in own] + made
    with_training.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_training.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_training


def _option(name: str, kind: Any, meaning: str, default: object) -> Any:
    """The type and the option of a field; unset means that the preset's recipe decides."""
    flag = name.replace("_", "-")
    text = f"{meaning[0].upper()}{meaning[1:]}" + ("" if default is None else f" Default: {_shown(default)}.")
    if kind is bool:
        option = typer.Option(f"--{flag}/--no-{flag}", help=text, show_default=False, rich_help_panel=_HOW)
        return Annotated[bool | None, option]
    allowed = typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()
    number = next((one for one in (*typing.get_args(kind), kind) if one in (int, float)), str)
    option = typer.Option(
        f"--{flag}",
        help=text,
        show_default=False,
        rich_help_panel=_HOW,
        metavar="|".join(allowed) if allowed else {int: "N", float: "X"}[number],
        callback=_if_given(one_of(*allowed)) if allowed else None,
    )
    return Annotated[number | None, option]


def _shown(default: object) -> str:
    return {True: "yes", False: "no"}[default] if isinstance(default, bool) else f"{default}"


def _if_given(check: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda value: None if value is None else check(value)


@_training_options
def train(
    datasets: Annotated[
        list[str], typer.Argument(metavar="DATASET...", help="Made by build-dataset.", show_default=False)
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="RUN", show_default=False, help="Folder of the run, new or to go on with."
        ),
    ],
    model: Annotated[str, typer.Option(metavar="pix2pix|cyclegan", help="What is trained.")] = "pix2pix",
    preset: Preset = None,
    set_values: SetValues = None,
    device: Annotated[
        str, typer.Option(metavar="auto|cpu|cuda|mps", help="Where it computes.", envvar="COLORIZE_CLI_DEVICE")
    ] = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Devices (or processes on CPU) of each machine.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines that train together.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say sizes, memory and time from a few steps; write nothing.")
    ] = False,
    settings: SettingsFile = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON summary of the run.")] = False,
    quiet: Quiet = False,
    *,
    training: dict[str, Any],
) -> None:
    """Train a model on pairs of line art with hints and colour."""
    from colorize_cli.console import TrainScreen
    from colorize_cli.run import values_of
    from pipelines.train import train as stage

    screen = TrainScreen(quiet=quiet)
    with screen.signals():
        report = stage(
            datasets,
            output,
            model=model,
            preset=preset,
            values=values_of(settings, "train", set_values),
            settings=training,
            device=device,
            devices=devices,
            nodes=nodes,
            dry_run=dry_run,
            observer=screen,
        )
    if report.lead:
        screen.finished(report)
        if json:
            _say_summary(report)
    raise typer.Exit(report.exit_code)


def _say_summary(report: Any) -> None:
    from json import dumps

    from colorize_cli.console import say

    say(dumps({**dataclasses.asdict(report), "exit_code": report.exit_code}, indent=2))
