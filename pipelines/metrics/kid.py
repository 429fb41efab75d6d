"""Kernel inception distance: the squared maximum mean discrepancy of features of all results and all truths.

    MMD^2 with k(x, y) = (x . y / D + 1)^3, unbiased, over all pictures at once

Around 0 upwards (unbiased, so it may be a little below 0), lower is better. Unlike FID it does not grow where pictures
are few, but its spread does. The network, given with `--weights kid=FILE`, is weights of Inception-v3 or a
TorchScript program, as for fid; computed by torchmetrics, one subset of all pictures.
Source: M. Bińkowski, D. J. Sutherland, M. Arbel, A. Gretton, "Demystifying MMD GANs", ICLR 2018.
"""

import warnings

from pipelines.core.imaging.arrays import F64
from pipelines.metrics.base.set_metrics import SetMetric, identity_network, tensor

UNIT = ""
HIGHER_IS_BETTER = False
NEEDS = ("weights",)
PACKAGES = ("torchmetrics",)


class Metric(SetMetric):
    """KID."""

    name, reliable_from = "kid", 500

    def distance(self, results: F64, truths: F64) -> float:
        """Return the distance of features (n, D) and (n, D)."""
        from torchmetrics.image.kid import KernelInceptionDistance

        network = identity_network(results.shape[1])
        with warnings.catch_warnings():  # that it keeps all features in memory: they are here already
            warnings.simplefilter("ignore", UserWarning)
            metric = KernelInceptionDistance(feature=network, subsets=1, subset_size=len(results))
        metric.update(tensor(truths), real=True)
        metric.update(tensor(results), real=False)
        return float(metric.compute()[0])
