"""Says how the learning rate changes over a run: by the share of the run that is done, however its length is given."""

from pipelines.training.config import TrainConfig


def lr_factor(config: TrainConfig, share: float, *, plateaus: int = 0) -> float:
    """The factor on every learning rate once a share of the run, from 0 to 1, is done.

    linear       1 up to the share `constant`, then straight down to 0 (Isola et al., Zhu et al.: half of the run)
    constant     1
    exponential  lr_decay ** share (B. Mildenhall et al., "NeRF", ECCV 2020, section 5.3: a tenth over the run)
    steps        lr_decay ** (milestones behind) (K. He et al., "Deep Residual Learning for Image Recognition",
                 CVPR 2016, section 4.2: a tenth from 1/2 and from 3/4 of the run on)
    plateau      lr_decay ** plateaus, how often `val_l1` had stopped to fall (`Progress.add_validation`)
    """
    if config.schedule == "constant":
        return 1.0
    if config.schedule == "exponential":
        return float(config.decay**share)
    if config.schedule == "steps":
        return float(config.decay ** sum(share >= milestone for milestone in config.milestones))
    if config.schedule == "plateau":
        return float(config.decay**plateaus)
    return 1.0 if share < config.constant else (1 - share) / max(1 - config.constant, 1e-9)
