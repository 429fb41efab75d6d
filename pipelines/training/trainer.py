"""Plays one training step of any model: players move in turn, each lowers its loss with its own optimizer."""

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipelines.training.distributed import Precision, ProcessGroup
from pipelines.training.task import Batch, Outputs, TrainingError, TrainingTask, Update

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_BROKEN = "training has broken down"
_GO_ON = "Start a new run with a lower --learning-rate; the checkpoints so far stay as they are"


@dataclass(frozen=True)
class OptimConfig:
    """How networks learn, for `Game`."""

    learning_rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    ema: float = 0.999  # share of the averaged weights that stays in a step; 0: no average
    precision: Precision = "fp32"
    channels_last: bool = True
    compile: bool = False
    gradient_checkpointing: bool = False
    seed: int = 0


class Trainer:
    """A model with its optimizers and the running average of its painter."""

    def __init__(
        self, learner: TrainingTask, rules: OptimConfig, *, device: torch.device, team: ProcessGroup | None = None
    ) -> None:
        self.learner, self.rules, self.device = learner, rules, device
        self._team = team or ProcessGroup()
        learner.networks.to(device)
        self._team.share(learner.networks.state_dict())
        for network in learner.networks.values():
            if rules.channels_last:
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            if rules.gradient_checkpointing:
                network.checkpointing = True  # type: ignore[assignment]
        self.painter = copy.deepcopy(learner.networks[learner.painter]).eval().requires_grad_(False)
        self._optimizers = {player.name: self._optimizer(player) for player in learner.players}
        self._scaler = torch.amp.GradScaler(device.type, enabled=rules.precision == "fp16")
        if rules.compile:
            for network in learner.networks.values():
                network.compile()

    def step(self, batches: Sequence[Batch], number: int, *, rate: float = 1.0) -> dict[str, Tensor]:
        """Learn from one batch, or from several whose gradients are added up; returns the terms of the losses.

        number: the step, counted from 0: it decides who moves and seeds every draw of chance. rate: factor on the
        learning rate. Everybody moves at the last batch: before it, players meet the others as the step found them.
        """
        torch.manual_seed((self.rules.seed * 1_000_003 + number) * self._team.size + self._team.rank)
        players = [player for player in self.learner.players if player.moves(number)]
        terms: dict[str, Tensor] = {}
        for turn, batch in enumerate(batches, start=1):
            for network in self.learner.networks.values():
                network.requires_grad_(True)
            with self._autocast():
                scene = self.learner.play(self._moved(batch))
            for player in players:
                losses = self._backward(player, scene, share=len(batches))
                for name, value in losses.items():
                    terms[name] = terms.get(name, 0.0) + value.detach().float() / len(batches)
                if turn == len(batches):
                    self._move(player, rate)
        if self._scaler.is_enabled() and players:
            self._scaler.update()
        self._average(number)
        return terms

    def _backward(self, player: Update, scene: Outputs, *, share: int) -> dict[str, Tensor]:
        for name, network in self.learner.networks.items():
            network.requires_grad_(name in player.networks)
        with self._autocast():
            losses = player.loss(scene)
        total: Tensor = torch.stack([term.float() for term in losses.values()]).sum() / share
        self._scaler.scale(total).backward()  # type: ignore[no-untyped-call]
        return losses

    def _move(self, player: Update, rate: float) -> None:
        optimizer = self._optimizers[player.name]
        for group in optimizer.param_groups:
            group["lr"] = self.rules.learning_rate * rate
        self._team.average([p.grad for p in self._parameters(player) if p.grad is not None])
        self._scaler.step(optimizer)
        optimizer.zero_grad(set_to_none=True)

    def _average(self, number: int) -> None:
        """Follow the painter's weights with the running average, faster at first; buffers are taken as they are."""
        fresh = self.learner.networks[self.learner.painter]
        keep = min(self.rules.ema, (1 + number) / (10 + number)) if self.rules.ema else 0.0
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.painter.parameters()),
                [tensor.detach() for tensor in fresh.parameters()],
                1 - keep,
            )
            for mine, theirs in zip(self.painter.buffers(), fresh.buffers(), strict=True):
                mine.copy_(theirs)

    def check_weights(self, step: int) -> None:
        """Raise TrainingError where a weight is no number any more, so that such weights replace no good ones."""
        networks = {**self.learner.networks, "average": self.painter}
        for name, network in networks.items():
            tensors = [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
            if tensors and not bool(torch.stack([tensor.isfinite().all() for tensor in tensors]).all()):
                raise TrainingError(f"weights of {name} are no numbers after step {step}: {_BROKEN}", hint=_GO_ON)

    def state(self) -> dict[str, Tensor]:
        """Everything that a run needs to go on as if nothing had happened, by flat names."""
        state = {f"networks.{name}": tensor for name, tensor in self.learner.networks.state_dict().items()}
        state |= {f"memory.{name}": tensor for name, tensor in self.learner.memory().items()}
        for name, optimizer in self._optimizers.items():
            for index, values in optimizer.state_dict()["state"].items():
                state |= {f"optimizers.{name}.{index}.{key}": torch.as_tensor(item) for key, item in values.items()}
        if self._scaler.is_enabled():
            scaler = self._scaler.state_dict()
            state |= {f"scaler.{key}": torch.tensor(float(value)) for key, value in scaler.items()}
        return state

    def load_state(self, state: Mapping[str, Tensor], painter: Mapping[str, Tensor]) -> None:
        """Take back what `state` gave, and the averaged painter's weights."""
        self.learner.networks.load_state_dict(_below(state, "networks"))
        self.learner.remember({name: tensor.to(self.device) for name, tensor in _below(state, "memory").items()})
        self.painter.load_state_dict(dict(painter))
        for player in self.learner.players:
            self._load_optimizer(player, _below(state, f"optimizers.{player.name}"))
        if self._scaler.is_enabled():
            kept_scale = {key: float(value) for key, value in _below(state, "scaler").items()}
            self._scaler.load_state_dict(kept_scale | {"_growth_tracker": int(kept_scale["_growth_tracker"])})

    def _load_optimizer(self, player: Update, state: Mapping[str, Tensor]) -> None:
        optimizer, weights = self._optimizers[player.name], self._parameters(player)
        kept: dict[int, dict[str, Tensor]] = {}
        for key, tensor in state.items():
            index, _, field = key.partition(".")
            like = weights[int(index)]  # its memory layout: fused Adam goes through all of them in one order
            laid_out = torch.empty_like(like).copy_(tensor) if tensor.shape == like.shape and tensor.dim() else tensor
            kept.setdefault(int(index), {})[field] = laid_out
        optimizer.load_state_dict({"state": kept, "param_groups": optimizer.state_dict()["param_groups"]})

    def _optimizer(self, player: Update) -> torch.optim.Adam:
        betas = (self.rules.beta1, self.rules.beta2)
        fused = self.device.type in ("cpu", "cuda")
        return torch.optim.Adam(self._parameters(player), lr=self.rules.learning_rate, betas=betas, fused=fused)

    def _parameters(self, player: Update) -> list[nn.Parameter]:
        return [weight for name in player.networks for weight in self.learner.networks[name].parameters()]

    def _moved(self, batch: Batch) -> Batch:
        layout = torch.channels_last if self.rules.channels_last else torch.contiguous_format
        return Batch(*(part.to(self.device, non_blocking=True).contiguous(memory_format=layout) for part in batch))

    @contextlib.contextmanager
    def _autocast(self) -> Iterator[None]:
        if self.rules.precision == "fp32":
            yield
            return
        with torch.autocast(self.device.type, _TYPES[self.rules.precision]):
            yield


def check_finite(terms: Mapping[str, float], step: int) -> None:
    """Raise TrainingError where a loss is no number any more."""
    for name, value in terms.items():
        if value != value or value in (float("inf"), float("-inf")):
            raise TrainingError(f"the loss {name} became {value} in step {step}: {_BROKEN}", hint=_GO_ON)


def _below(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
