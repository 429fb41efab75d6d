"""How PaintsTorch learns: the critic is updated, then both generators in one move, all on the one fake of the step.

The paper moves the critic and the generators in turn. One move of both generators lowers its equation 1 as it stands:
the first by all three terms, the second by the lines alone, the only term that it is in.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.models.paintstorch import Params
from pipelines.models.paintstorch.network import Painter, build_generator, build_painter, feature_channels, hint_map
from pipelines.nn.adversarial import gan_loss, gradient_penalty
from pipelines.nn.pretrained.feature_files import load_features
from pipelines.nn.pretrained.feature_networks import Vgg16
from pipelines.nn.resnext import ResNeXtCritic
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update

_CONTENT_CONVOLUTIONS = 4  # of VGG16, with the ReLU of the last: section 3.4
_DRIFT = 1e-3  # equation 7
_LIGHTEST = 0.7  # share of its darkness that ink keeps at least: the public codes of Ci et al. and Hati et al.
_BOUND = 3.0  # its tanh is 0.995, the level 254.4
_CELL = 4  # px: the content of pixels is compared in cells of so many too


class Task(TrainingTask):
    """The critic, then the generators; where the second one is kept, it learns as a part of the painter."""

    generator = "painter"
    makers = ("painter",)
    twice_derived = ("critic",)

    def __init__(self, params: Params) -> None:
        self._params = params
        painter = build_painter(params)
        critic = ResNeXtCritic(size=params.size, features=feature_channels(params), width=params.width)
        self.networks = nn.ModuleDict({"painter": painter, "critic": critic})
        generators: tuple[str, ...] = ("painter",)
        if params.double and not params.keep_sketcher:
            self.networks["sketcher"] = build_generator(params, 3, 1)
            generators = ("painter", "sketcher")
        if painter.features is not None:
            load_features(params.features, painter.features, setting="features")
        if params.content == "vgg":
            vgg = Vgg16(convolutions=_CONTENT_CONVOLUTIONS, width=params.vgg_width)
            load_features(params.vgg, vgg, setting="vgg")
            self.loss_networks: Mapping[str, nn.Module] = {"vgg": vgg}
        self.updates = (
            Update("critic", ("critic",), self._critic_loss),
            Update("generators", generators, self._generator_loss),
        )

    def forward(self, batch: Batch) -> Outputs:
        """The painter's "fake" (B, 3, H, W), with "inputs", their ink lighter, "targets", and "features" if any.

        "unbounded" is the fake before its tanh.
        """
        inputs = lighten(batch.inputs) if self._params.tone_jitter else batch.inputs
        painter = self._painter
        features = painter.local_features(inputs)
        unbounded = painter(inputs, features, bounded=False).float()
        outputs = {"inputs": inputs, "targets": batch.targets, "unbounded": unbounded, "fake": unbounded.tanh()}
        return outputs if features is None else outputs | {"features": features}

    def _critic_loss(self, outputs: Outputs) -> Losses:
        """Equations 5 to 7; the drift is of true pictures, as in T. Karras et al., ICLR 2018, appendix A.1."""
        fake, real = outputs["fake"].detach(), outputs["targets"]
        logits = self._judge(real, outputs).float()
        return {
            "critic_fake": gan_loss(self._judge(fake, outputs), False, "wgan-gp"),
            "critic_real": gan_loss(logits, True, "wgan-gp"),
            "critic_drift": _DRIFT * logits.square().mean(),
            "critic_penalty": gradient_penalty(
                lambda between: self._judge(between, outputs), real, fake, norm=self._params.penalty
            ),
        }

    def _generator_loss(self, outputs: Outputs) -> Losses:
        """Equation 1, and what keeps both tanhs from saturating."""
        opinion = gan_loss(self._judge(outputs["fake"], outputs), True, "wgan-gp")
        losses = {"generator_gan": self._params.adversarial_factor * opinion, **self._content(outputs)}
        overrun = overrun_of(outputs["unbounded"])
        sketcher = self._sketcher
        if sketcher is not None:
            inputs = outputs["inputs"]
            lines = sketcher(outputs["fake"], hint_map(inputs), outputs.get("features"), bounded=False).float()
            losses["generator_sketch"] = functional.mse_loss(lines.tanh(), inputs[:, :1])
            overrun = overrun + overrun_of(lines)
        return losses | {"generator_overrun": self._params.overrun_weight * overrun}

    def _content(self, outputs: Outputs) -> Losses:
        """Equation 3, of the true picture; without VGG16 distances of pixels."""
        fake, real = outputs["fake"], outputs["targets"]
        if self._params.content == "vgg":
            features = self.loss_networks["vgg"](fake).float(), self.loss_networks["vgg"](real).float()
            return {"generator_content": functional.mse_loss(*features)}
        coarse = functional.avg_pool2d(fake, _CELL), functional.avg_pool2d(real, _CELL)
        return {"generator_l1": functional.l1_loss(fake, real), "generator_coarse_l1": functional.l1_loss(*coarse)}

    def _judge(self, pictures: Tensor, outputs: Outputs) -> Tensor:
        logits: Tensor = self.networks["critic"](pictures, outputs.get("features"))
        return logits

    @property
    def _painter(self) -> Painter:
        painter = self.networks["painter"]
        assert isinstance(painter, Painter)
        return painter

    @property
    def _sketcher(self) -> nn.Module | None:
        """The second generator, wherever it stands."""
        if not self._params.double:
            return None
        return self._painter.sketcher if self._params.keep_sketcher else self.networks["sketcher"]


def overrun_of(unbounded: Tensor) -> Tensor:
    """How far numbers before a tanh leave what changes a level of 255: mean(max(|x| - 3, 0)^2), a scalar."""
    return (unbounded.abs() - _BOUND).clamp(min=0).square().mean()


def lighten(layers: Tensor) -> Tensor:
    """Layers (B, 5, H, W) whose ink has less of its darkness: x' = r x + 1 - r, r in [0.7, 1) for each picture.

    The formula is the same for x in [0, 1] and in [-1, 1]; chance is of torch's global generator, drawn on the CPU.
    """
    kept = torch.rand(len(layers), 1, 1, 1).to(layers) * (1 - _LIGHTEST) + _LIGHTEST
    return torch.cat([layers[:, :1] * kept + (1 - kept), layers[:, 1:]], 1)
