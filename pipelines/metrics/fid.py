"""Fréchet inception distance: how far the distributions of features of all results and all truths are apart.

    |m_r - m_t|^2 + tr(C_r + C_t - 2 (C_r C_t)^(1/2)),   m, C = mean and covariance of the features

Range 0 upwards, lower is better. One figure for a set, biased upwards where pictures are few: compare only figures of
equal n and of the same network. The network, given with `--weights fid=FILE`, is weights of Inception-v3 (.safetensors
or .pth, read and never run), or a TorchScript file, uint8 (B, 3, H, W) -> (B, D), such as the public
inception-2015-12-05.pt, which is a program and runs; computed by torchmetrics.
Source: M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", 2017.
"""

from pipelines.core.imaging.arrays import F64
from pipelines.metrics.base.set_metrics import SetMetric, identity_network, tensor

UNIT = ""
HIGHER_IS_BETTER = False
NEEDS = ("weights",)
PACKAGES = ("torchmetrics",)


class Metric(SetMetric):
    """FID."""

    name, reliable_from = "fid", 2048

    def distance(self, results: F64, truths: F64) -> float:
        """Return the distance of features (n, D) and (n, D)."""
        from torchmetrics.image.fid import FrechetInceptionDistance

        network = identity_network(results.shape[1])
        metric = FrechetInceptionDistance(feature=network, normalize=False)
        metric.set_dtype(tensor(results).dtype)
        metric.update(tensor(truths), real=True)
        metric.update(tensor(results), real=False)
        return float(metric.compute())
