"""Which device networks run on."""

import torch

from pipelines.core.errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str) -> torch.device:
    """The device that a name means; "auto" is the fastest there is. Raises UsageError for one that is not there."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(device for device, is_present in present.items() if is_present))
    kind = name.partition(":")[0]
    if kind not in present:
        raise UsageError(f"there is no device '{name}'", hint=f"Choose from: {', '.join(DEVICES)}")
    if not present[kind]:
        raise UsageError(f"this machine (or this build of torch) has no {kind}", hint="Use --device auto or cpu")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"there is no device '{name}'", hint=f"Choose from: {', '.join(DEVICES)}") from error
