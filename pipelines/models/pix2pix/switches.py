"""Checks what the switches of pix2pix say together, before any training, and reads those that are lists.

The switches are what SketchSause's text names without defining it: critics with a penalty, spectral norm, attention,
fused skips, norms and weights by domain.
"""

from typing import TYPE_CHECKING

from pipelines.core.errors import SettingsError
from pipelines.core.registry import suggestion
from pipelines.core.settings import check_number

if TYPE_CHECKING:
    from pipelines.models.pix2pix import Params

_ATTENTIVE_LAYERS = 2  # least halvings of a discriminator that attends: behind its third layer
_PENALTY_WEIGHT = 10.0  # the default, which says nothing


def parse_names(text: str) -> tuple[str, ...]:
    """The names in "anime,maps"; none in an empty text. Raises SettingsError for empty names and for one twice."""
    if not text.strip():
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise SettingsError(f"domains cannot be '{text}'", hint="Name each once: --set domains=anime,maps")
    return names


def parse_weights(text: str) -> dict[str, float]:
    """The numbers by name in "anime=100,maps=10"; none in an empty text. Raises SettingsError for anything else."""
    weights: dict[str, float] = {}
    for part in text.split(",") if text.strip() else ():
        name, equals, number = part.partition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise SettingsError(
                f"l1_weights cannot be '{text}'",
                hint="Write a number for each domain: --set l1_weights=anime=100,maps=10",
            )
        check_number(f"l1_weights: {name.strip()}", weights[name.strip()], 0)
    return weights


def check_critic(params: "Params") -> None:
    """Refuse what does not go together in the discriminator, and what is said of a critic where there is none."""
    if params.gan == "wgan-gp" and params.norm == "batch":
        raise SettingsError(
            "a critic whose slope is penalised has no batch norm: its slope at one picture would depend on the others",
            hint="Use --set norm=instance or --set norm=none",
        )
    if params.gan != "wgan-gp" and (params.generator_gan != "same" or params.penalty_weight != _PENALTY_WEIGHT):
        name = "penalty_weight" if params.generator_gan == "same" else "generator_gan"
        raise SettingsError(
            f"{name} says nothing where gan is {params.gan}", hint="Leave it out, or use --set gan=wgan-gp"
        )
    if params.attention in ("discriminator", "both") and params.layers_d < _ATTENTIVE_LAYERS:
        raise SettingsError(
            "a discriminator attends behind its third layer, which this one has not",
            hint=f"Use --set layers_d={_ATTENTIVE_LAYERS} or more, or --set attention=generator",
        )


def check_domains(params: "Params") -> None:
    """Refuse domains that nothing reads, and what is said of domains that there are not."""
    names, weights = params.domain_names, parse_weights(params.l1_weights)
    if names and params.norm != "adain" and not weights:
        raise SettingsError("domains say nothing by themselves", hint="Add --set norm=adain, or --set l1_weights=...")
    if not names and params.norm == "adain":
        raise SettingsError("adain norms are those of domains", hint="Name them: --set domains=anime,maps")
    if weights and set(weights) != set(names):
        raise SettingsError(
            f"l1_weights has {', '.join(weights)}, domains are {', '.join(names) or 'not named'}",
            hint="Name each domain in both: --set domains=anime,maps --set l1_weights=anime=100,maps=10",
        )
    if params.domain and params.norm != "adain":
        raise SettingsError(
            "without adain norms all domains are painted alike", hint="Leave domain out, or use --set norm=adain"
        )
    if params.domain and params.domain not in names:
        raise SettingsError(f"there is no domain '{params.domain}'", hint=suggestion(params.domain, names))
