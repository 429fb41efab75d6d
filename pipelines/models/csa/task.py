"""How CSA learns: its discriminators are updated, then the generator, all on the one fake of the step."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.models.csa import Params
from pipelines.models.csa.discriminators import Activations, MultiScaleDiscriminator, feature_matching, logits_of
from pipelines.models.csa.network import build_painter
from pipelines.nn.adversarial import gan_loss
from pipelines.nn.blocks import join
from pipelines.nn.pretrained.feature_files import load_features
from pipelines.nn.pretrained.feature_networks import Vgg19
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update

_SEEN = 4  # channels that discriminators see: lines and picture; equation 1 gives them no hints
_PERCEPTUAL_LAYERS = (1, 3, 5, 9, 13)  # convolutions of VGG19: the first of each block
_PERCEPTUAL_WEIGHTS = (
    1 / 32,
    1 / 16,
    1 / 8,
    1 / 4,
    1,
)  # of their ReLUs, as the public code of Wang et al.; eq. 3: none


class Task(TrainingTask):
    """The three discriminators are updated together, then the generator with what looks at the hints."""

    generator = "generator"
    makers = ("generator",)

    def __init__(self, params: Params) -> None:
        self._params = params
        painter = build_painter(params)
        discriminators = MultiScaleDiscriminator(_SEEN, width=params.ndf, layers=params.layers_d)
        self.networks = nn.ModuleDict({"generator": painter, "discriminators": discriminators})
        frozen = [painter.hint_features] if isinstance(painter.hint_features, Vgg19) else []
        if params.has_perceptual:
            vgg = Vgg19(convolutions=max(_PERCEPTUAL_LAYERS), width=params.vgg_width)
            self.loss_networks: Mapping[str, nn.Module] = {"vgg": vgg}
            frozen.append(vgg)
        if frozen:
            load_features(params.vgg, *frozen, setting="vgg")
        self.updates = (
            Update("discriminators", ("discriminators",), self._discriminators_loss),
            Update("generator", ("generator",), self._generator_loss),
        )

    def forward(self, batch: Batch) -> Outputs:
        """The generator's colours for a batch: "fake" (B, 3, H, W), beside "inputs" and "targets"."""
        fake = self.networks["generator"](batch.inputs)
        return {"inputs": batch.inputs, "targets": batch.targets, "fake": fake}

    def _discriminators_loss(self, outputs: Outputs) -> Losses:
        """Half the sum of both sides, as pix2pix, of all three."""
        fake = self._judge(outputs["inputs"], outputs["fake"].detach())
        real = self._judge(outputs["inputs"], outputs["targets"])
        return {
            "discriminator_fake": 0.5 * self._gan_loss(fake, False),
            "discriminator_real": 0.5 * self._gan_loss(real, True),
        }

    def _generator_loss(self, outputs: Outputs) -> Losses:
        """Equation 4, each term where it has a weight."""
        params, fake, targets = self._params, outputs["fake"], outputs["targets"]
        judged = self._judge(outputs["inputs"], fake)
        losses = {"generator_gan": self._gan_loss(judged, True)}
        if params.feature_weight:
            with torch.no_grad():
                real = self._judge(outputs["inputs"], targets)
            losses["generator_features"] = params.feature_weight * feature_matching(real, judged)
        if params.has_perceptual:
            losses["generator_perceptual"] = params.perceptual_weight * self._perceptual(fake, targets)
        if params.l1_weight:
            losses["generator_l1"] = params.l1_weight * functional.l1_loss(fake.float(), targets)
        return losses

    def _judge(self, inputs: Tensor, colours: Tensor) -> Activations:
        activations: Activations = self.networks["discriminators"](join(inputs[:, :1], colours))
        return activations

    def _gan_loss(self, activations: Activations, real: bool) -> Tensor:
        """Equation 1: the sum over the discriminators."""
        return torch.stack([gan_loss(logits, real, self._params.gan) for logits in logits_of(activations)]).sum()

    def _perceptual(self, fake: Tensor, targets: Tensor) -> Tensor:
        """Equation 3."""
        vgg = self.loss_networks["vgg"]
        assert isinstance(vgg, Vgg19)
        with torch.no_grad():
            real = vgg.activations(targets, _PERCEPTUAL_LAYERS)
        return perceptual_distance(real, vgg.activations(fake, _PERCEPTUAL_LAYERS))


def perceptual_distance(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """The weighed sum over five layers, the lowest first, of the mean absolute difference; a scalar."""
    distances = [
        functional.l1_loss(of_fake.float(), of_real.float()) for of_real, of_fake in zip(real, fake, strict=True)
    ]
    return (torch.stack(distances) * distances[0].new_tensor(_PERCEPTUAL_WEIGHTS)).sum()
