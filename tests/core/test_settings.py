"""Settings: from text and TOML to typed values, with errors that say what to type."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from pipelines.core import registry, settings
from pipelines.core.errors import SettingsError, UsageError


def method(tmp_path: Path) -> ModuleType:
    """A method module as a family holds them."""
    source = tmp_path / "sample.py"
    source.write_text(
        "from dataclasses import dataclass\n"
        "from typing import Literal\n\n\n"
        "@dataclass(frozen=True)\n"
        "class Params:\n"
        "    radius: float = 3.0  # px, of the ball\n"
        "    count: int = 4\n"
        "    # a switch\n"
        "    clean: bool = False\n"
        "    engine: Literal['own', 'other'] = 'own'\n"
        "    sigma: tuple[float, float] = (0.3, 0.7)  # px, drawn at random\n"
        "    size: int | None = None\n\n\n"
        "PRESETS = {'wide': Params(radius=9.0, count=9)}\n"
    )
    module = ModuleType("pipelines.lines.sample")
    module.__file__ = str(source)
    exec(compile(source.read_text(), str(source), "exec"), module.__dict__)
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
def test_texts_become_typed_values(tmp_path: Path, text: str, expected: object) -> None:
    values = settings.assignments([text])
    resolved = settings.resolve(method(tmp_path), values)
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
def test_wrong_settings_say_what_to_type(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.resolve(method(tmp_path), settings.assignments([text]))
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_text_without_equals_is_refused() -> None:
    with pytest.raises(SettingsError, match="Write --set name=value"):
        settings.assignments(["radius"])


def test_presets_come_before_values(tmp_path: Path) -> None:
    resolved = settings.resolve(method(tmp_path), {"count": "2"}, preset="wide")
    assert (resolved.radius, resolved.count) == (9.0, 2)
    with pytest.raises(SettingsError, match="Choose from: wide"):
        settings.resolve(method(tmp_path), {}, preset="nowhere")


def test_toml_values_are_checked_like_texts(tmp_path: Path) -> None:
    resolved = settings.resolve(method(tmp_path), {"radius": 2, "sigma": [1, 2], "clean": True})
    assert (resolved.radius, resolved.sigma, resolved.clean) == (2.0, (1.0, 2.0), True)
    for wrong in ({"clean": 2}, {"count": True}, {"count": 1.5}, {"engine": 3}):
        with pytest.raises(SettingsError):
            settings.resolve(method(tmp_path), wrong)


def test_describe_tells_names_types_defaults_and_comments(tmp_path: Path) -> None:
    found = {setting.name: setting for setting in settings.describe(method(tmp_path))}
    assert found["radius"].meaning == "px, of the ball"
    assert found["clean"].meaning == "a switch"
    assert found["count"].meaning == ""
    assert (found["engine"].kind, found["size"].kind) == ("one of own, other", "a whole number or none")


@pytest.mark.parametrize("family", ["lines", "hints", "regions", "models"])
def test_every_setting_of_every_method_is_described_and_can_be_set_to_its_default(family: str) -> None:
    for name in registry.names(family):
        module = registry.load(family, name)
        for setting in settings.describe(module):
            assert setting.meaning, f"{family}/{name}.py: {setting.name} has no comment"
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


@pytest.mark.parametrize(("text", "message"), [("a = ", "is not a TOML file"), (None, "cannot read the settings file")])
def test_a_bad_settings_file_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "settings.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        settings.read_settings_file(path)
    assert "settings.toml" in str(caught.value)


def test_an_unknown_method_names_the_choices() -> None:
    with pytest.raises(UsageError, match="Did you mean 'adaptive'"):
        registry.load("lines", "adaptiv")
