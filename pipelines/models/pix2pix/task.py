"""How pix2pix learns: its networks, in which order they are updated, and what each lowers."""

from torch import Tensor, nn
from torch.nn import functional

from pipelines.inference.encoding import ENCODINGS
from pipelines.models.pix2pix import Params, build_network
from pipelines.nn.adversarial import PatchGan, gan_loss
from pipelines.nn.blocks import initialise, join
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update


class Task(TrainingTask):
    """The discriminator is updated, then the generator, both on the one fake of the step."""

    generator = "generator"
    makers = ("generator",)

    def __init__(self, params: Params) -> None:
        self._params = params
        seen = ENCODINGS[params.input].channels + 3
        discriminator = PatchGan(seen, width=params.ndf, layers=params.layers_d, norm=params.norm)
        initialise(discriminator)
        self.networks = nn.ModuleDict({"generator": build_network(params), "discriminator": discriminator})
        self.updates = (
            Update("discriminator", ("discriminator",), self._discriminator_loss),
            Update("generator", ("generator",), self._generator_loss),
        )

    def forward(self, batch: Batch) -> Outputs:
        """The generator's colours for a batch: "fake" (B, 3, H, W), beside "inputs" and "targets"."""
        fake = self.networks["generator"](batch.inputs)
        return {"inputs": batch.inputs, "targets": batch.targets, "fake": fake}

    def _discriminator_loss(self, outputs: Outputs) -> Losses:
        """Half the sum, which slows the discriminator (section 3.3); each side apart, for the batch statistics."""
        fake = self._discriminate(outputs["inputs"], outputs["fake"].detach())
        real = self._discriminate(outputs["inputs"], outputs["targets"])
        return {
            "discriminator_fake": 0.5 * gan_loss(fake, False, self._params.gan),
            "discriminator_real": 0.5 * gan_loss(real, True, self._params.gan),
        }

    def _generator_loss(self, outputs: Outputs) -> Losses:
        logits = self._discriminate(outputs["inputs"], outputs["fake"])
        distance = functional.l1_loss(outputs["fake"], outputs["targets"])
        return {
            "generator_gan": gan_loss(logits, True, self._params.gan),
            "generator_l1": self._params.l1_weight * distance,
        }

    def _discriminate(self, inputs: Tensor, colours: Tensor) -> Tensor:
        logits: Tensor = self.networks["discriminator"](join(inputs, colours))
        return logits
