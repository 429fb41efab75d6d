"""How pix2pix learns: its networks, in which order they are updated, and what each lowers."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.inference.encoding import ENCODINGS
from pipelines.models.pix2pix import Params, build_network
from pipelines.nn.adversarial import Gan, PatchGan, gan_loss, gradient_penalty
from pipelines.nn.blocks import initialise, join
from pipelines.nn.spectral import spectrally_normalised
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update


class Task(TrainingTask):
    """The discriminator is updated, then on every `critic_steps`-th step the generator, both on the step's one fake."""

    generator = "generator"
    makers = ("generator",)

    def __init__(self, params: Params) -> None:
        self._params = params
        discriminator = _build_discriminator(params)
        generator = build_network(params)
        if params.spectral_norm == "both":
            spectrally_normalised(generator)
        if params.spectral_norm != "none":
            spectrally_normalised(discriminator)
        self.networks = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        every = params.critic_steps
        self.updates = (
            Update("discriminator", ("discriminator",), self._discriminator_loss),
            Update("generator", ("generator",), self._generator_loss, every=every, start=every - 1),
        )
        self.twice_derived = ("discriminator",) if params.gan == "wgan-gp" else ()
        self._l1_weights = torch.tensor(params.l1_by_domain)

    def forward(self, batch: Batch) -> Outputs:
        """The generator's colours for a batch: "fake" (B, 3, H, W), beside "inputs", "targets" and "domain" (B,)."""
        outputs = {"inputs": batch.inputs, "targets": batch.targets}
        if self._params.domain_names:
            outputs["domain"] = batch.named["domain"]
            return {**outputs, "fake": self.networks["generator"](batch.inputs, outputs["domain"])}
        return {**outputs, "fake": self.networks["generator"](batch.inputs)}

    def _discriminator_loss(self, outputs: Outputs) -> Losses:
        """Half the sum, which slows the discriminator (section 3.3); each side apart, for the batch statistics.

        A Wasserstein critic is slowed by its penalty instead, on the picture's channels alone: its input is given.
        """
        inputs, targets, fakes = outputs["inputs"], outputs["targets"], outputs["fake"].detach()
        share = 1.0 if self._params.gan == "wgan-gp" else 0.5
        losses = {
            "discriminator_fake": share * gan_loss(self._discriminate(inputs, fakes), False, self._params.gan),
            "discriminator_real": share * gan_loss(self._discriminate(inputs, targets), True, self._params.gan),
        }
        if self._params.gan == "wgan-gp":
            losses["discriminator_penalty"] = gradient_penalty(
                lambda colours: self._discriminate(inputs, colours), targets, fakes, weight=self._params.penalty_weight
            )
        return losses

    def _generator_loss(self, outputs: Outputs) -> Losses:
        logits = self._discriminate(outputs["inputs"], outputs["fake"])
        kind: Gan = "vanilla" if self._params.generator_gan == "bce" else self._params.gan
        return {"generator_gan": gan_loss(logits, True, kind), "generator_l1": self._weighted_l1(outputs)}

    def _weighted_l1(self, outputs: Outputs) -> Tensor:
        """The distance to the true pictures times its weight, which may be that of each picture's domain."""
        if not self._params.l1_by_domain:
            return self._params.l1_weight * functional.l1_loss(outputs["fake"], outputs["targets"])
        distances = (outputs["fake"] - outputs["targets"]).abs().flatten(1).mean(1)  # (B,)
        return (self._l1_weights.to(distances)[outputs["domain"]] * distances).mean()

    def _discriminate(self, inputs: Tensor, colours: Tensor) -> Tensor:
        logits: Tensor = self.networks["discriminator"](join(inputs, colours))
        return logits


def _build_discriminator(params: Params) -> PatchGan:
    discriminator = PatchGan(
        ENCODINGS[params.input].channels + 3,
        width=params.ndf,
        layers=params.layers_d,
        norm=params.discriminator_norm,
        attention=params.attention in ("discriminator", "both"),
    )
    initialise(discriminator)
    return discriminator
