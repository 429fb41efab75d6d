"""A tiny checkpoint that tests write, and what is changed in it."""

import json
from pathlib import Path

import torch
from torch import Tensor

from pipelines.core.settings import plain
from pipelines.inference.checkpoint_info import (
    INFO,
    CheckpointInfo,
)
from pipelines.models import pix2pix

PARAMS = pix2pix.Params(generator="unet_128", ngf=2, ndf=2)


def card_of(step: int = 3) -> CheckpointInfo:
    return CheckpointInfo("pix2pix", plain(PARAMS), step, {"val_psnr": 12.5}, "a note")


def weights_of(seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return pix2pix.build_network(PARAMS).state_dict()


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def change_card(saved: Path, **values: object) -> None:
    about = json.loads((saved / INFO).read_text())
    (saved / INFO).write_text(json.dumps({**about, **values}))
