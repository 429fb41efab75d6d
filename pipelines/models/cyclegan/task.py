"""How cyclegan learns: its networks, in which order they are updated, and what each lowers."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.inference.encoding import ENCODINGS
from pipelines.models.cyclegan import Params, build_network, build_opposite
from pipelines.nn.adversarial import PatchGan, gan_loss
from pipelines.nn.blocks import initialise
from pipelines.nn.image_pool import ImagePool
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update

_COLOURS = 3  # channels of a colour picture


class Task(TrainingTask):
    """Both generators are updated together, then both discriminators, on fakes from image pools."""

    generator = "generator_a"
    unpaired = True
    makers = ("generator_a", "generator_b")

    def __init__(self, params: Params) -> None:
        self._params = params
        self.networks = nn.ModuleDict(
            {
                "generator_a": build_network(params),  # composite -> colour
                "generator_b": build_opposite(params),  # colour -> composite
                "discriminator_a": _build_discriminator(params, _COLOURS),
                "discriminator_b": _build_discriminator(params, ENCODINGS[params.input].channels),
            }
        )
        self._pools = {"fake_a": ImagePool(params.pool), "fake_b": ImagePool(params.pool)}
        self.updates = (
            Update("generators", ("generator_a", "generator_b"), self._generators_loss),
            Update("discriminators", ("discriminator_a", "discriminator_b"), self._discriminators_loss),
        )

    def forward(self, batch: Batch) -> Outputs:
        """Paint the inputs ("real_a") and draw the targets ("real_b"), go back, and with identity loss stay.

        Adds "fake_b" = A(real_a), "fake_a" = B(real_b), "rec_a" = B(fake_b), "rec_b" = A(fake_a), and where there is an
        identity loss "same_b" = A(real_b), "same_a" = B(real_a); (B, 3, H, W) each, those of side a with
        the channels of the input.
        """
        real_a, real_b = batch.inputs, batch.targets
        made_b, made_a = self._make("a", real_a, real_b), self._make("b", real_b, real_a)
        outputs = {"real_a": real_a, "real_b": real_b, "fake_b": made_b[0], "fake_a": made_a[0]}
        outputs["rec_a"] = self.networks["generator_b"](made_b[0])
        outputs["rec_b"] = self.networks["generator_a"](made_a[0])
        if self._has_identity:
            outputs |= {"same_b": made_b[1], "same_a": made_a[1]}
        return outputs

    def extra_state(self) -> dict[str, Tensor]:
        """The pictures in the pools, (n, 3, H, W) each; an empty pool is left out."""
        states = {name: pool.state() for name, pool in self._pools.items()}
        return {name: state for name, state in states.items() if state is not None}

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        """Fill the pools with what `extra_state` gave."""
        for name, pool in self._pools.items():
            pool.restore(state.get(name))

    @property
    def _has_identity(self) -> bool:
        return self._params.cycle_weight * self._params.identity_weight > 0

    def _make(self, side: str, other: Tensor, own: Tensor) -> tuple[Tensor, ...]:
        """What a generator makes of its input, and of what is finished already where that has a loss."""
        generator = self.networks[f"generator_{side}"]
        if not self._has_identity:
            return (generator(other),)
        if self._params.norm == "batch":  # batch statistics: the two kinds of pictures stay apart
            return generator(other), generator(own)
        return torch.split(generator(torch.cat([other, own])), [len(other), len(own)])

    def _generators_loss(self, outputs: Outputs) -> Losses:
        weight, kind = self._params.cycle_weight, self._params.gan
        losses = {
            "generator_a_gan": gan_loss(self.networks["discriminator_a"](outputs["fake_b"]), True, kind),
            "generator_b_gan": gan_loss(self.networks["discriminator_b"](outputs["fake_a"]), True, kind),
            "cycle_a": weight * functional.l1_loss(outputs["rec_a"], outputs["real_a"]),
            "cycle_b": weight * functional.l1_loss(outputs["rec_b"], outputs["real_b"]),
        }
        if self._has_identity:
            weight *= self._params.identity_weight
            losses["identity_a"] = weight * functional.l1_loss(outputs["same_b"], outputs["real_b"])
            losses["identity_b"] = weight * functional.l1_loss(outputs["same_a"], outputs["real_a"])
        return losses

    def _discriminators_loss(self, outputs: Outputs) -> Losses:
        """Half the sum of each, which slows the discriminators (section 4)."""
        losses = {}
        for side, real, fake in (("a", "real_b", "fake_b"), ("b", "real_a", "fake_a")):
            discriminator = self.networks[f"discriminator_{side}"]
            shown = discriminator(self._pools[fake].swap(outputs[fake]))
            losses[f"discriminator_{side}_real"] = 0.5 * gan_loss(discriminator(outputs[real]), True, self._params.gan)
            losses[f"discriminator_{side}_fake"] = 0.5 * gan_loss(shown, False, self._params.gan)
        return losses


def _build_discriminator(params: Params, channels: int) -> PatchGan:
    network = PatchGan(channels, width=params.ndf, layers=params.layers_d, norm=params.norm)
    initialise(network)
    return network
