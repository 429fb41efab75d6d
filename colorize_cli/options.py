"""Options that several commands share, each declared once."""

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from colorize_cli.format_choice import choose_format, weaker_gives_way
from colorize_cli.output_formats import FormatName
from colorize_cli.setting_kinds import check_kinds
from colorize_cli.settings_files import check_isolated, choose_settings_file, from_folder_of, read_command_tables
from pipelines.core import registry
from pipelines.core.errors import SettingsError

R = TypeVar("R")


def choices(family: str) -> str:
    """The methods of a family as they are shown in --help."""
    return "|".join(registry.names(family))


def one_of(literal: object) -> dict[str, Any]:
    """What `typer.Option` needs for a `Literal` of texts: how it is shown, and a check whose message is ours."""
    allowed: tuple[str, ...] = typing.get_args(literal)

    def check(value: str) -> str:
        if value not in allowed:
            raise typer.BadParameter(f"'{value}' is not one of {', '.join(allowed)}")
        return value

    return {"metavar": "|".join(allowed), "parser": check}


def use_settings_file(context: typer.Context, path: Path | None) -> Path | None:
    """Let the command's table in the settings file stand in for its defaults; flags and environment win."""
    path, is_discovered = choose_settings_file(context, path)
    if path is None:
        return None
    command = str(context.info_name)
    commands = tuple(getattr(context.parent and context.parent.command, "commands", (command,)))
    tables = read_command_tables(path, commands)
    flags = {  # by which an option is known where its name is a word of Python, as `from` is
        flag.removeprefix("--").replace("-", "_"): str(parameter.name)
        for parameter in context.command.params
        for flag in parameter.opts
    }
    named = {name.replace("-", "_"): value for name, value in tables.get(command, {}).items()}
    table = {flags.get(name, name): value for name, value in named.items()}
    table.pop("settings", None)  # the method's own, merged with --set later
    parameters = {str(parameter.name): parameter for parameter in context.command.params}
    known = tuple(name for name in parameters if name not in _NOT_IN_FILES)
    for name in table:
        if name == "set_values":
            raise SettingsError(f"{path} has an option 'set'", hint=f"Write its values into [{command}.settings]")
        if name not in known:
            raise SettingsError(f"{command} has no option '{name}' ({path})", hint=registry.suggestion(name, known))
    callback = context.command.callback
    table = table if callback is None else check_kinds(callback, table, path)
    context.default_map = from_folder_of(path, table, parameters) if is_discovered else table
    return path


_NOT_IN_FILES = ("set_values", "isolated", "show_settings")
_INPUT, _RUN, _OUTPUT = "Which pictures", "How it runs", "What it says"
NETWORKS = "How networks run"

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml",
        envvar="COLORIZE_CLI_SETTINGS",
        rich_help_panel=_RUN,
        callback=use_settings_file,
        is_eager=True,
        help="Defaults for the options, a table per command. Options given here win. Default: colorize.toml, or "
        "[tool.colorize-cli] in pyproject.toml, of the working folder or the nearest one above.",
        show_default=False,
    ),
]
Isolated = Annotated[
    bool,
    typer.Option(
        "--isolated", is_eager=True, callback=check_isolated, rich_help_panel=_RUN, help="Read no settings file."
    ),
]
ShowSettings = Annotated[
    bool,
    typer.Option(
        "--show-settings", rich_help_panel=_RUN, help="Print every option's value and where it comes from; do nothing."
    ),
]
Clean = Annotated[
    bool | None,
    typer.Option(
        "--clean/--no-clean",
        show_default=False,
        help="Whiten the paper of scans and photos and even out their light. Default: where paper is not white.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", envvar="COLORIZE_CLI_QUIET", help="Say nothing but errors.", rich_help_panel=_OUTPUT),
]


@dataclass(frozen=True)
class BatchOptions:
    """The options of every command that turns many files into many files."""

    files_from: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Read input paths from a file, one a line; - is standard input.",
            rich_help_panel=_INPUT,
        ),
    ] = None
    root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the paths of --files-from begin in the output: the list has DIR/a/b.png, the output a/b.png.",
            rich_help_panel=_INPUT,
        ),
    ] = None
    changed_files: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Of the inputs, take only those that a list of changed files touches, such as git diff --name-only -z "
            "prints: by their own file, their hints or another partner; all, if a palette or model is in it. - is "
            "standard input.",
            rich_help_panel=_INPUT,
        ),
    ] = None
    allow_empty: Annotated[
        bool,
        typer.Option("--allow-empty", help="Exit 0 instead of 3 where no picture is found.", rich_help_panel=_INPUT),
    ] = False
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Take only pictures whose path or name matches.", rich_help_panel=_INPUT),
    ] = None
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Leave out pictures whose path or name matches.", rich_help_panel=_INPUT),
    ] = None
    recursive: Annotated[
        bool, typer.Option("--recursive/--no-recursive", "-r/-R", help="Walk into subfolders.", rich_help_panel=_INPUT)
    ] = True
    limit: Annotated[int | None, typer.Option(min=1, help="Take at most so many pictures.", rich_help_panel=_INPUT)] = (
        None
    )
    keep_extension: Annotated[
        bool,
        typer.Option("--keep-extension", help="a.jpg becomes a.jpg.png instead of a.png.", rich_help_panel=_INPUT),
    ] = False
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            envvar="COLORIZE_CLI_JOBS",
            rich_help_panel=_RUN,
            help="Worker processes. Default: one per physical core.",
        ),
    ] = None
    seed: Annotated[
        int, typer.Option(min=0, envvar="COLORIZE_CLI_SEED", help="Seed of random choices.", rich_help_panel=_RUN)
    ] = 0
    isolated: Isolated = False
    settings: SettingsFile = None
    show_settings: ShowSettings = False
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            rich_help_panel=_RUN,
            help="Make everything again, replacing files that colorize-cli did not write.",
        ),
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what would be done, write nothing.", rich_help_panel=_RUN)
    ] = False
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Write nothing; exit 1 where a result is missing or stale, for CI.", rich_help_panel=_RUN
        ),
    ] = False
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first picture that fails.", rich_help_panel=_RUN)
    ] = False
    output_format: Annotated[
        FormatName | None,
        typer.Option(
            **one_of(FormatName),
            envvar="COLORIZE_CLI_OUTPUT_FORMAT",
            callback=weaker_gives_way,
            show_default=False,
            rich_help_panel=_OUTPUT,
            help="What standard output carries. github: annotations of GitHub Actions; junit: XML for the test view of "
            "CI services; sarif: findings for code scanning. Default: text.",
        ),
    ] = None
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            callback=weaker_gives_way,
            help="Print one JSON summary of the run: --output-format json.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False
    json_lines: Annotated[
        bool,
        typer.Option(
            "--json-lines",
            callback=weaker_gives_way,
            help="Print one JSON record per picture as it ends: --output-format json-lines.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the whole run with all records as JSON.", rich_help_panel=_OUTPUT),
    ] = None
    quiet: Quiet = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what happens to each picture.", rich_help_panel=_OUTPUT)
    ] = False

    command: str = ""  # whose options these are
    decisive: tuple[str, ...] = ()  # values of its other options that may be places on which every result depends

    @property
    def format(self) -> FormatName:
        """The one output format that is asked for; raises UsageError where options ask for several."""
        return choose_format(self.output_format, json=self.json, json_lines=self.json_lines)


Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT...", help="Pictures, folders or quoted patterns; - is standard input.", show_default=False
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUTPUT",
        show_default=False,
        help="Folder for the results, which mirrors the inputs; a file for one input; - is standard output.",
    ),
]
SetValues = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set one of the method's settings (see: colorize-cli methods)."),
]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]


def _device(value: str) -> str:
    kind, colon, number = value.partition(":")
    if kind not in typing.get_args(DeviceName) or (colon and not (kind == "cuda" and number.isdigit())):
        raise typer.BadParameter(f"'{value}' is not one of {', '.join(typing.get_args(DeviceName))}, cuda:N")
    return value


Device = Annotated[
    str,
    typer.Option(
        metavar="|".join([*typing.get_args(DeviceName), "cuda:N"]),
        parser=_device,
        envvar="COLORIZE_CLI_DEVICE",
        rich_help_panel=NETWORKS,
        help="Where networks run. auto: a GPU where there is one.",
    ),
]
Domain = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        rich_help_panel=NETWORKS,
        show_default=False,
        help="In which domain a network paints that learned several (train --set domains=A,B). Default: its first.",
    ),
]
EngineName = Literal["torch", "onnx"]
Engine = Annotated[
    EngineName,
    typer.Option(
        **one_of(EngineName),
        rich_help_panel=NETWORKS,
        help="What runs networks. onnx: onnxruntime, on the CPU, with the package colorize-cli[onnx]; a FILE.onnx "
        "of models export is always run by it.",
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        min=1,
        rich_help_panel=NETWORKS,
        show_default=False,
        help="Pictures that a network takes together. Default: 8 on a CPU (1 if light, as fillnet), 32 on a GPU.",
    ),
]
PrecisionName = Literal["auto", "fp32", "bf16", "fp16"]
Precision = Annotated[
    PrecisionName,
    typer.Option(
        **one_of(PrecisionName),
        rich_help_panel=NETWORKS,
        help="In which precision networks multiply. auto: bf16 where that is faster and the model paints, fp32 where "
        "it chooses between colours, as fillnet does. fp16: on a GPU.",
    ),
]
Preset = Annotated[str | None, typer.Option(metavar="NAME", help="Start from a named set of settings.")]


def batch_command(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of `BatchOptions` in place of its parameter `batch`."""
    kinds = typing.get_type_hints(BatchOptions, include_extras=True)
    options = {
        field.name: (kinds[field.name], field.default)
        for field in dataclasses.fields(BatchOptions)
        if typing.get_origin(kinds[field.name]) is Annotated
    }

    @functools.wraps(command)
    def named(*, batch: BatchOptions, **values: Any) -> R:
        own = command.__name__.replace("_", "-")
        return command(**values, batch=dataclasses.replace(batch, command=own, decisive=_decisive(values)))

    return with_options(named, "batch", options, lambda values: BatchOptions(**values))


_BY_NAME = ("inputs", "output", "hints", "lines", "truth", "base", "top", "reference")
"""Parameters that are the inputs, or folders in which each input has a partner of its own."""


def _decisive(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What of a command's values may be a file or folder that decides about every result."""
    several = [value if isinstance(value, list) else [value] for name, value in values.items() if name not in _BY_NAME]
    texts = [str(value) for each in several for value in each if isinstance(value, str | Path) and str(value)]
    return tuple(text.rpartition("=")[2] for text in texts)


def with_options(
    command: Callable[..., R],
    parameter: str,
    options: Mapping[str, tuple[Any, object]],
    gather: Callable[[dict[str, Any]], object],
) -> Callable[..., R]:
    """Give a command many options in place of one parameter, which gets what `gather` makes of their values.

    options: by name, the annotation and the default of each.
    """
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [each for name, each in inspect.signature(command).parameters.items() if name != parameter]
    parameters = [each.replace(kind=keyword) for each in own] + [
        inspect.Parameter(name, keyword, default=default, annotation=annotation)
        for name, (annotation, default) in options.items()
    ]

    @functools.wraps(command)
    def with_many(**values: Any) -> R:
        gathered = gather({name: values.pop(name) for name in options})
        return command(**values, **{parameter: gathered})

    with_many.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_many.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_many
