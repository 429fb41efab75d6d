"""Line art and coloured pictures told apart by their names."""

from pathlib import Path, PurePosixPath

import pytest

from pipelines.core.batch.inputs import Source
from pipelines.core.data.name_rules import NamePattern, NameRule, PartnersByName
from pipelines.core.errors import SettingsError, UsageError


@pytest.mark.parametrize(
    ("pattern", "path", "common"),
    [
        ("{name}_line", "hero_line.png", "hero"),
        ("{name}_line", "deep/hero_1_line.webp", "deep/hero_1"),
        ("{name}_line", "Hero_LINE.PNG", "Hero"),
        ("{name}_line", "hero_lines.png", None),
        ("{name}_line", "_line.png", None),
        ("line-{name}-v2", "line-a.b-v2.png", "a.b"),
        ("{name}.line", "hero.line.png", "hero"),
        ("{name}_line.png", "hero_line.PNG", "hero"),
        ("{name}_line.png", "hero_line.jpg", None),
        ("ink/{name}", "set/Ink/hero.png", "set/hero"),
        ("ink/{name}", "hero.png", None),
        ("{name}", "set/hero.png", "set/hero"),
        ("{name}/line", "set/hero/line.png", "set/hero"),
        ("{name}_(a+)", "hero_(a+).png", "hero"),
        ("{name}_caf\u00e9", "hero_cafe\u0301.png", "hero"),
    ],
)
def test_a_pattern_gives_what_both_sides_have_in_common(pattern: str, path: str, common: str | None) -> None:
    found = NamePattern(pattern).match(PurePosixPath(path))
    assert found == (None if common is None else PurePosixPath(common))


@pytest.mark.parametrize("pattern", ["", "line", "{name}{name}", "../{name}", "/{name}", "a//{name}", "{name}/"])
def test_patterns_that_say_nothing_are_refused(pattern: str) -> None:
    with pytest.raises(SettingsError, match="is no pattern of names"):
        NamePattern(pattern)
    with pytest.raises(SettingsError, match="tells no line art from colour"):
        NameRule(NamePattern("{name}_A"), NamePattern("{name}_a"))


def test_where_both_patterns_fit_the_one_that_says_more_counts() -> None:
    bare_colour = NameRule(NamePattern("{name}_line"), NamePattern("{name}"))
    assert bare_colour.sides_of(PurePosixPath("a_line.png")) == (PurePosixPath("a"), None)
    assert bare_colour.sides_of(PurePosixPath("a.png")) == (None, PurePosixPath("a"))
    bare_lines = NameRule(NamePattern("{name}"), NamePattern("{name}_color"))
    assert bare_lines.sides_of(PurePosixPath("a_color.png")) == (None, PurePosixPath("a"))


def drawings(*names: str) -> list[tuple[PurePosixPath, Source]]:
    return [(PurePosixPath(name), Source(Path(f"{name}.png"), PurePosixPath(name))) for name in names]


def partners(lines: tuple[str, ...], *names: str) -> dict[str, str]:
    found = PartnersByName(drawings(*lines)).of({name: PurePosixPath(name) for name in names})
    return {name: str(source.relative) for name, source in found.items()}


def test_capitals_make_no_difference_unless_names_differ_in_them_alone() -> None:
    assert partners(("Hero", "b"), "hero", "B", "c") == {"hero": "Hero", "B": "b"}
    assert partners(("Hero", "hero"), "hero", "Hero") == {"hero": "hero", "Hero": "Hero"}
    assert partners(("HERO", "hero"), "hero", "Hero") == {"hero": "hero", "Hero": "HERO"}
    assert partners(("HERO", "hero"), "Hero") == {}
    assert partners(("HERO",), "Hero", "hero") == {"Hero": "HERO"}
    with pytest.raises(UsageError, match="are line art of one name"):
        partners(("a", "a"), "a")
