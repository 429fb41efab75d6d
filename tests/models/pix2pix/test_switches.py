"""The switches of pix2pix: what does not go together is refused before any training, and says what to type."""

import pytest

from pipelines.core.errors import SettingsError
from pipelines.models import pix2pix
from pipelines.models.pix2pix.switches import parse_names, parse_weights


def test_lists_are_read() -> None:
    assert parse_names("anime, maps") == ("anime", "maps")
    assert parse_names(" ") == ()
    assert parse_weights("anime=100, maps=10.5") == {"anime": 100.0, "maps": 10.5}
    assert parse_weights("") == {}


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"gan": "wgan-gp"}, "has no batch norm", "norm=instance"),
        ({"generator_gan": "bce"}, "generator_gan says nothing where gan is vanilla", "gan=wgan-gp"),
        ({"penalty_weight": 5.0, "gan": "lsgan"}, "penalty_weight says nothing where gan is lsgan", "gan=wgan-gp"),
        ({"attention": "both", "layers_d": 1}, "behind its third layer", "layers_d=2"),
        ({"domains": "a,b"}, "say nothing by themselves", "norm=adain"),
        ({"domains": "a,,b", "norm": "adain"}, "domains cannot be 'a,,b'", "domains=anime,maps"),
        ({"domains": "a,a", "norm": "adain"}, "domains cannot be 'a,a'", "domains=anime,maps"),
        ({"norm": "adain"}, "adain norms are those of domains", "domains=anime,maps"),
        ({"domains": "a,b", "l1_weights": "a=1"}, "l1_weights has a, domains are a, b", "l1_weights=anime=100"),
        ({"l1_weights": "a=1"}, "domains are not named", "l1_weights=anime=100"),
        ({"domains": "a,b", "l1_weights": "a=1,b=much"}, "l1_weights cannot be 'a=1,b=much'", "anime=100,maps=10"),
        ({"domains": "a,b", "l1_weights": "a=1,b=-2"}, "l1_weights: b = -2.0 is out of range", "at least 0"),
        ({"domains": "a,b", "norm": "adain", "domain": "c"}, "there is no domain 'c'", "a, b"),
        ({"domains": "a,b", "l1_weights": "a=1,b=2", "domain": "a"}, "painted alike", "norm=adain"),
        ({"critic_steps": 0}, "critic_steps = 0 is out of range", "from 1"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(SettingsError) as raised:
        pix2pix.Params(**settings)  # type: ignore[arg-type]
    assert message in raised.value.message
    assert hint in raised.value.hint


def test_the_domain_that_is_painted_is_the_first_where_none_is_named() -> None:
    params = pix2pix.Params(domains="anime,maps", norm="adain")
    assert (params.domain_names, params.domain_number) == (("anime", "maps"), 0)
    assert pix2pix.Params(domains="anime,maps", norm="adain", domain="maps").domain_number == 1
    assert params.discriminator_norm == "instance"


def test_weights_by_domain_are_in_the_order_of_the_domains() -> None:
    params = pix2pix.Params(domains="anime,maps", l1_weights="maps=10,anime=100")
    assert params.l1_by_domain == (100.0, 10.0)
    assert pix2pix.Params().l1_by_domain == ()
