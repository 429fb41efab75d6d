"""`colorize-cli methods`."""

import json

import pytest

from pipelines.core import registry
from pipelines.core.settings import describe
from tests.conftest import Cli
from tests.plugins import Installed


def test_methods_lists_every_setting_as_text_and_json(cli: Cli) -> None:
    listed = cli("methods")
    assert "lines adaptive:" in listed.out
    assert "models flat:" in listed.out
    settings = json.loads(cli("methods", "hints", "kmedoids", "--json").out)["hints kmedoids"]["settings"]
    assert {"name", "kind", "default", "meaning"} <= set(settings[0])
    assert cli("methods", "line").code == 2


@pytest.mark.parametrize("family", ["lines", "hints", "regions", "models"])
def test_each_setting_is_a_line_with_its_default_and_meaning(cli: Cli, family: str) -> None:
    shown = cli("methods", family).out.splitlines()
    for name in registry.names(family):
        method = registry.load(family, name)
        begin = next(number for number, line in enumerate(shown) if line.startswith(f"{family} {name}: "))
        for number, setting in enumerate(describe(method), begin + 1):
            assert shown[number].split()[0].startswith(f"{setting.name}=")
            assert shown[number].endswith(f"{setting.kind}; {setting.meaning}")


def test_an_unknown_method_names_the_choices(cli: Cli) -> None:
    ran = cli("methods", "lines", "adaptve")
    assert (ran.code, "Did you mean 'adaptive'?" in ran.err) == (2, True)


def test_a_package_that_cannot_be_loaded_leaves_the_other_methods_listed(cli: Cli, installed: Installed) -> None:
    installed("plugged-torn", "1 / 0\n")
    for family in ([], ["models"]):
        ran = cli("methods", *family)
        assert ran.code == 2
        assert "'plugged_torn' of the package plugged-torn cannot be loaded" in ran.err
        assert "models flat:" in ran.out
        assert "models pix2pix:" in ran.out
    assert "models flat" in json.loads(cli("methods", "--json").out)
