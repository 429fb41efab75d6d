"""Every method of a family fulfils the family's protocol, to the names of the parameters."""

import inspect
from typing import Any

import pytest

from pipelines.core import families, registry
from pipelines.core.errors import UsageError
from pipelines.core.families import HintMethod, LayerFormat, LineExtractor, RegionMethod

PROTOCOLS = {"lines": LineExtractor, "hints": HintMethod, "regions": RegionMethod, "exports": LayerFormat}
METHODS = [(family, name) for family in PROTOCOLS for name in registry.names(family)]


def parameters(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize(("family", "name"), METHODS)
def test_a_method_holds_what_its_family_asks_for(family: str, name: str) -> None:
    method, protocol = registry.load(family, name), PROTOCOLS[family]
    functions = [function for key, function in vars(protocol).items() if inspect.isfunction(function) and key[0] != "_"]
    assert functions
    for function in functions:
        assert parameters(getattr(method, function.__name__)) == parameters(function)
    if "Params" in protocol.__annotations__:
        assert method.Params.__dataclass_params__.frozen


def test_a_method_is_loaded_by_its_name() -> None:
    assert families.load("lines", "xdog") is registry.load("lines", "xdog")
    with pytest.raises(UsageError, match="no method 'xdogg' among lines"):
        families.load("lines", "xdogg")
