"""Settings: from text and TOML to typed values, with errors that say what to type."""

import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any, Literal

import pytest

from pipelines.core import registry, settings
from pipelines.core.errors import SettingsError, UsageError

SAMPLE = """
from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True)
class Params:
    radius: Annotated[float, "px, of the ball"] = 3.0
    count: int = 4
    clean: Annotated[bool, "a switch"] = False
    engine: Annotated[Literal["own", "other"], "who solves it"] = "own"
    sigma: Annotated[tuple[float, float], "px, drawn at random"] = (0.3, 0.7)
    size: Annotated[int | None, "px"] = None


PRESETS = {"wide": Params(radius=9.0, count=9)}
"""


def method() -> ModuleType:
    """A method module as a family holds them."""
    module = ModuleType("pipelines.lines.sample")
    exec(SAMPLE, module.__dict__)
    return module


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("radius=2", 2.0),
        ("count=7", 7),
        ("clean=yes", True),
        ("clean=off", False),
        ("engine=other", "other"),
        ("sigma=0.1,0.2", (0.1, 0.2)),
        ("sigma=0.5", (0.5, 0.5)),
        ("size=none", None),
        ("size=128", 128),
    ],
)
def test_texts_become_typed_values(text: str, expected: object) -> None:
    values = settings.assignments([text])
    resolved = settings.resolve(method(), values)
    found = getattr(resolved, text.partition("=")[0])
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("radios=2", "has no setting 'radios'. Did you mean 'radius'?"),
        ("count=2.5", "'count' cannot be '2.5'. It takes a whole number"),
        ("count=many", "It takes a whole number"),
        ("clean=perhaps", "It takes true or false"),
        ("engine=third", "It takes one of own, other"),
        ("sigma=1,2,3", "It takes two numbers: low,high"),
        ("size=big", "It takes a whole number or none"),
    ],
)
def test_wrong_settings_say_what_to_type(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.resolve(method(), settings.assignments([text]))
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


def test_any_count_of_numbers_is_read_from_a_text_or_a_list() -> None:
    kind = tuple[float, ...]
    for value, numbers in (("0.5,0.75,1", (0.5, 0.75, 1.0)), ("2", (2.0,)), ([0.5, 1], (0.5, 1.0)), ([], ())):
        assert settings.convert(value, kind, name="milestones") == numbers
    with pytest.raises(SettingsError, match=r"'milestones' cannot be 'half'\. It takes numbers: x,y,\.\.\."):
        settings.convert("half", kind, name="milestones")


def test_a_text_without_equals_is_refused() -> None:
    with pytest.raises(SettingsError, match="Write --set name=value"):
        settings.assignments(["radius"])


def test_presets_come_before_values() -> None:
    resolved = settings.resolve(method(), {"count": "2"}, preset="wide")
    assert (resolved.radius, resolved.count) == (9.0, 2)
    with pytest.raises(SettingsError, match="Choose from: wide"):
        settings.resolve(method(), {}, preset="nowhere")


def test_toml_values_are_checked_like_texts() -> None:
    resolved = settings.resolve(method(), {"radius": 2, "sigma": [1, 2], "clean": True})
    assert (resolved.radius, resolved.sigma, resolved.clean) == (2.0, (1.0, 2.0), True)
    for wrong in ({"clean": 2}, {"count": True}, {"count": 1.5}, {"engine": 3}):
        with pytest.raises(SettingsError):
            settings.resolve(method(), wrong)


def test_describe_tells_names_types_defaults_and_meanings() -> None:
    found = {setting.name: setting for setting in settings.describe(method())}
    assert found["radius"].meaning == "px, of the ball"
    assert found["clean"].meaning == "a switch"
    assert found["count"].meaning == ""
    assert found["sigma"].default == (0.3, 0.7)
    assert (found["engine"].kind, found["size"].kind) == ("one of own, other", "a whole number or none")


@pytest.mark.parametrize("family", ["lines", "hints", "regions", "models"])
def test_every_setting_of_every_method_is_described_and_can_be_set_to_its_default(family: str) -> None:
    for name in registry.names(family):
        module: Any = registry.load(family, name)
        if hasattr(module, "identify"):  # defaults name no file, and are set all the same
            module = SimpleNamespace(Params=module.Params, __name__=name)
        for setting in settings.describe(module):
            assert setting.meaning, f"{family}/{name}.py: {setting.name} has no meaning"
            text = ",".join(map(str, setting.default)) if isinstance(setting.default, tuple) else str(setting.default)
            assert getattr(settings.resolve(module, {setting.name: text}), setting.name) == setting.default


def test_digests_tell_settings_apart() -> None:
    @dataclass(frozen=True)
    class Work:
        method: str = "a"
        mode: Literal["x", "y"] = "x"
        size: tuple[int, int] = (1, 2)

    assert settings.digest(Work()) == settings.digest(Work())
    assert len({settings.digest(work) for work in (Work(), Work("b"), Work(mode="y"), Work(size=(2, 1)))}) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "is not a TOML file"),
        (None, "cannot read the settings file"),
        (f"a = {'9' * 5000}", "is not a TOML file: Exceeds the limit"),
        (f"a = {'[' * 100_000}", "is not a TOML file"),
    ],
    ids=["no value", "no file", "long number", "deep"],
)
def test_a_bad_settings_file_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "settings.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        settings.read_settings_file(path)
    assert "settings.toml" in str(caught.value)


def test_a_wrong_value_is_shown_short_and_visible() -> None:
    for value in ("\x1b" + "x" * 500, 10**400):
        with pytest.raises(SettingsError) as caught:
            settings.convert(value, float if isinstance(value, int) else int, name="size")
        assert "\x1b" not in caught.value.message
        assert len(caught.value.message) < 120


def test_a_pipe_of_settings_is_read_once_for_all_that_look_into_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("[regions]\njobs = 1\n",), daemon=True)
    writer.start()
    assert [settings.read_settings_file(pipe) for _ in range(3)] == [{"regions": {"jobs": 1}}] * 3
    writer.join()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_settings_file_of_windows_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes('[colorize]\r\nhints = "Größe"\r\n'.encode(encoding))
    assert settings.read_settings_file(path) == {"colorize": {"hints": "Größe"}}


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b'a = "caf\xe9"', r"not UTF-8 \(byte 9\)\. Save it as UTF-8"), (b"a = " + b"[" * 20000, "deep")],
)
def test_a_settings_file_of_bytes_of_any_kind_is_one_line(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "settings.toml").write_bytes(data)
    with pytest.raises(SettingsError, match=reason):
        settings.read_settings_file(tmp_path / "settings.toml")


def test_an_unknown_method_names_the_choices() -> None:
    with pytest.raises(UsageError, match="Did you mean 'adaptive'"):
        registry.load("lines", "adaptiv")


def test_a_type_with_a_meaning_beside_it_is_that_type() -> None:
    noted = Annotated[int | None, "px"]
    assert (settings.convert("3", noted, name="width"), settings.kind_in_words(noted)) == (3, "a whole number or none")
    with pytest.raises(SettingsError, match="It takes a whole number or none"):
        settings.convert("wide", noted, name="width")


def test_a_method_with_a_file_identifies_it_in_its_params() -> None:
    with_file = method()
    with_file.identify = lambda params: replace(params, count=99)  # type: ignore[attr-defined]
    assert settings.resolve(with_file, {"radius": "2"}) == with_file.Params(radius=2.0, count=99)


def test_where_things_lie_is_no_part_of_what_they_are() -> None:
    @dataclass(frozen=True)
    class Placed:
        path: str
        sha256: str = "ab"
        places = ("path",)

    @dataclass(frozen=True)
    class Holder:
        methods: tuple[Placed, ...]
        ratio: tuple[int, int] = (1, 2)

    assert settings.identity(Holder((Placed("x"),))) == {"methods": [{"sha256": "ab"}], "ratio": [1, 2]}
    assert settings.plain(Holder((Placed("x"),))) == {"methods": [{"path": "x", "sha256": "ab"}], "ratio": [1, 2]}
