"""Makes one training step of any model: its updates in turn, each by its own loss and with its own optimizer."""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from pipelines.core.errors import SettingsError
from pipelines.nn.blocks import suggested_layout
from pipelines.nn.devices import Precision
from pipelines.nn.frozen import freeze, frozen_names, rest
from pipelines.nn.spectral import folded, plain_state
from pipelines.training.distributed import ProcessGroup
from pipelines.training.optimizers import OptimizerConfig, build_optimizer
from pipelines.training.task import Batch, Outputs, TrainingError, TrainingTask, Update

_AUTOCAST_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_PROCESSES, _AVERAGE = "processes", "ema"  # first words of names in a state: of other processes, of their averages
_BROKEN = "training has broken down"
_GO_ON = "Start a new run with a lower --learning-rate; the checkpoints so far stay as they are"


@dataclass(frozen=True, kw_only=True)
class TrainerConfig:
    """How networks learn, for `Trainer`."""

    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)  # of updates that name none of their own
    ema: float = 0.999  # share of the averaged weights that stays in a step; 0: no average
    precision: Precision = "fp32"
    channels_last: bool = True
    compile: bool = False
    gradient_checkpointing: bool = False
    freeze: tuple[str, ...] = ()  # networks, or NETWORK.PART of them, that stay as they are
    seed: int = 0


class Trainer:
    """A task with its optimizers and the running average of its generator."""

    def __init__(
        self, task: TrainingTask, config: TrainerConfig, *, device: torch.device, group: ProcessGroup | None = None
    ) -> None:
        self.task, self.config, self.device = task, config, device
        self._group = group or ProcessGroup()
        task.networks.to(device)
        self._group.broadcast(task.networks.state_dict())
        for network in (*task.networks.values(), *task.loss_networks.values()):
            freeze(network.to(device))
        for network in task.loss_networks.values():
            network.eval().requires_grad_(False)
        self._frozen = set(frozen_names(task.networks))  # names of weights and buffers that no state keeps
        resting = self._frozen | rest(task.networks, config.freeze)
        self._learning = {
            name: [weight for own, weight in network.named_parameters() if f"{name}.{own}" not in resting]
            for name, network in task.networks.items()
        }
        for name, weight in task.networks.named_parameters():
            if name in resting:
                weight.requires_grad_(False)  # else every step would work out and pile up its gradient
        learning = [name for update in task.updates for name in update.networks]
        assert len(set(learning)) == len(learning), "a network learns by one update alone: else gradients would mix"
        self._updates = [update for update in task.updates if self._weights(update)]
        if not self._updates:
            raise SettingsError("with all of this frozen nothing would learn", hint="Leave something out of --freeze")
        for network in task.networks.values():
            if config.channels_last:
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            if config.gradient_checkpointing:
                network.checkpointing = True  # type: ignore[assignment]
        self.ema_generator = folded(task.networks[task.generator]).eval().requires_grad_(False)
        self._optimizers = {
            update.name: build_optimizer(self._optimizer_config(update), self._weights(update), device)
            for update in self._updates
        }
        self._scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
        if config.compile:
            for name, network in task.networks.items():
                if name not in task.twice_derived:  # torch.compile refuses a second derivative
                    network.compile()

    def train_step(self, batches: Sequence[Batch], step: int, *, lr_factor: float = 1.0) -> dict[str, Tensor]:
        """Learn from one batch, or from several whose gradients are added up; returns the terms of the losses.

        step: counted from 0; it decides which updates are due and seeds every draw of chance. lr_factor: on all
        learning rates. Weights move at the last batch: before it, networks meet the others as the step found them.
        """
        torch.manual_seed((self.config.seed * 1_000_003 + step) * self._group.world_size + self._group.rank)
        updates = [update for update in self._updates if update.is_due(step)]
        terms: dict[str, Tensor] = {}
        for batch_number, batch in enumerate(batches, start=1):
            self._let_learn(self._learning)
            with self._autocast(), torch.set_grad_enabled(self._needs_graph(updates)):
                outputs = self.task.forward(self._batch_to_device(batch))
            self._lay_out_gradients(outputs)
            for update in updates:
                losses = self._backward(update, outputs, step=step, share=len(batches))
                for name, value in losses.items():
                    terms[name] = terms.get(name, 0.0) + value.detach().float() / len(batches)
                if batch_number == len(batches):
                    self._move(update, lr_factor)
        if self._scaler.is_enabled() and updates:
            self._scaler.update()
        for update in updates:
            if self.task.generator in update.networks:
                self._average(update.moves_before(step))
        return terms

    def check_weights(self, step: int) -> None:
        """Raise TrainingError where a weight is no number any more, so that such weights replace no good ones."""
        networks = {**self.task.networks, "ema_generator": self.ema_generator}
        for name, network in networks.items():
            tensors = [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
            if tensors and not bool(torch.stack([tensor.isfinite().all() for tensor in tensors]).all()):
                raise TrainingError(f"weights of {name} are no numbers after step {step}: {_BROKEN}", hint=_GO_ON)

    def state(self) -> dict[str, Tensor]:
        """Everything that this process needs to go on as if nothing had happened, by flat names."""
        networks = self.task.networks.state_dict()
        state = {f"networks.{name}": tensor for name, tensor in networks.items() if name not in self._frozen}
        state |= {f"extra.{name}": tensor for name, tensor in self.task.extra_state().items()}
        for name, optimizer in self._optimizers.items():
            for index, values in optimizer.state_dict()["state"].items():
                state |= {f"optimizers.{name}.{index}.{key}": torch.as_tensor(item) for key, item in values.items()}
        if self._scaler.is_enabled():
            scaler = self._scaler.state_dict()
            state |= {f"scaler.{key}": torch.tensor(float(value)) for key, value in scaler.items()}
        return state

    def state_of_all(self, also: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """The first process's `state`, and what the others have of their own, as `processes.RANK.NAME`.

        That is image pools and statistics of norms, as each process sees other pictures, and what they have in `also`.
        Called in all of them at once; what others have is in the first one's alone. `of_process` takes it apart.
        """
        state = self.state()
        gathered = self._group.gather({**self._own_state(state), **(also or {})})
        for rank, own in enumerate(gathered[1:], start=1):
            differing = {name: tensor for name, tensor in own.items() if not _is_equal(tensor, gathered[0].get(name))}
            state |= {f"{_PROCESSES}.{rank}.{name}": tensor for name, tensor in differing.items()}
        return state

    def load_state(self, state: Mapping[str, Tensor], ema_generator: Mapping[str, Tensor]) -> None:
        """Take back what `state` or `state_of_all` gave, and the averaged generator's weights."""
        state = of_process(state, self._group.rank)
        kept = {name: tensor for name, tensor in self.task.networks.state_dict().items() if name in self._frozen}
        self.task.networks.load_state_dict(_below(state, "networks") | kept)
        self.task.load_extra_state({name: tensor.to(self.device) for name, tensor in _below(state, "extra").items()})
        self.ema_generator.load_state_dict({**ema_generator, **_below(state, _AVERAGE)})
        for update in self._updates:
            self._load_optimizer(update, _below(state, f"optimizers.{update.name}"))
        if self._scaler.is_enabled():
            scaler = {key: value.item() for key, value in _below(state, "scaler").items()}
            counts = {key: int(scaler[key]) for key in ("growth_interval", "_growth_tracker")}
            self._scaler.load_state_dict(scaler | counts)

    def _own_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What may differ between processes: buffers of networks and of the average, and what the task keeps."""
        buffers = [f"networks.{name}" for name, _ in self.task.networks.named_buffers()]
        own = {name: tensor for name, tensor in state.items() if name in buffers or name.startswith("extra.")}
        return own | {f"{_AVERAGE}.{name}": tensor for name, tensor in self.ema_generator.named_buffers()}

    def _backward(self, update: Update, outputs: Outputs, *, step: int, share: int) -> dict[str, Tensor]:
        """Add the gradients of an update's loss, divided by `share`, to its networks' alone; returns the terms."""
        self._let_learn(update.networks)
        with self._autocast():
            losses = update.terms(outputs, step)
        total: Tensor = torch.stack([term.float() for term in losses.values()]).sum() / share
        torch.autograd.backward(self._scaler.scale(total))
        return losses

    def _move(self, update: Update, lr_factor: float) -> None:
        """Step an update's optimizer by the gradients averaged over all processes, and forget them."""
        optimizer = self._optimizers[update.name]
        for group in optimizer.param_groups:
            group["lr"] = self._optimizer_config(update).lr * update.rate * lr_factor
        self._group.all_reduce_mean([weight.grad for weight in self._weights(update) if weight.grad is not None])
        self._scaler.step(optimizer)
        optimizer.zero_grad(set_to_none=True)

    def _average(self, moves: int) -> None:
        """Follow the generator's weights, which moved so often before, with the running average, faster at first.

        Buffers are taken as they are.
        """
        generator = self.task.networks[self.task.generator]
        keep = min(self.config.ema, (1 + moves) / (10 + moves)) if self.config.ema else 0.0
        with torch.no_grad():
            now = plain_state(generator)
            pairs = [
                (averaged, now[name])
                for name, averaged in self.ema_generator.named_parameters()
                if f"{self.task.generator}.{name}" not in self._frozen
            ]
            torch._foreach_lerp_([averaged for averaged, _ in pairs], [weight for _, weight in pairs], 1 - keep)
            for name, averaged in self.ema_generator.named_buffers():
                averaged.copy_(now[name])

    def _load_optimizer(self, update: Update, state: Mapping[str, Tensor]) -> None:
        optimizer, weights = self._optimizers[update.name], self._weights(update)
        kept: dict[int, dict[str, Tensor]] = {}
        for key, tensor in state.items():
            index, _, name = key.partition(".")
            like = weights[int(index)]  # its memory layout: fused Adam goes through all of them in one order
            laid_out = torch.empty_like(like).copy_(tensor) if tensor.shape == like.shape and tensor.dim() else tensor
            kept.setdefault(int(index), {})[name] = laid_out
        optimizer.load_state_dict({"state": kept, "param_groups": optimizer.state_dict()["param_groups"]})

    def _optimizer_config(self, update: Update) -> OptimizerConfig:
        return update.optimizer or self.config.optimizer

    def _weights(self, update: Update) -> list[nn.Parameter]:
        return [weight for name in update.networks for weight in self._learning[name]]

    def _let_learn(self, networks: Collection[str]) -> None:
        """Let these networks learn, and no other."""
        for name, weights in self._learning.items():
            for weight in weights:
                weight.requires_grad_(name in networks)

    def _needs_graph(self, updates: Sequence[Update]) -> bool:
        """Whether gradients go back through what the task makes of a batch."""
        moving = {name for update in updates for name in update.networks if self._learning[name]}
        return not moving.isdisjoint(self.task.makers or self.task.networks)

    def _lay_out_gradients(self, outputs: Outputs) -> None:
        """Let gradients of what was made lie in memory as it does; as some losses give them, the way back is slow."""
        for output in outputs.values():
            if output.requires_grad and output.dim() == 4:
                layout = suggested_layout(output)
                output.register_hook(partial(Tensor.contiguous, memory_format=layout))  # type: ignore[no-untyped-call]

    def _batch_to_device(self, batch: Batch) -> Batch:
        named = {name: self._to_device(tensor) for name, tensor in batch.named.items()}
        return Batch(self._to_device(batch.inputs), self._to_device(batch.targets), named)

    def _to_device(self, tensor: Tensor) -> Tensor:
        layout = torch.channels_last if self.config.channels_last and tensor.dim() == 4 else torch.contiguous_format
        return tensor.to(self.device, non_blocking=True).contiguous(memory_format=layout)

    @contextlib.contextmanager
    def _autocast(self) -> Iterator[None]:
        if self.config.precision == "fp32":
            yield
            return
        with torch.autocast(self.device.type, _AUTOCAST_TYPES[self.config.precision]):
            yield


def check_finite(terms: Mapping[str, float], step: int) -> None:
    """Raise TrainingError where a loss is no number any more."""
    for name, value in terms.items():
        if value != value or value in (float("inf"), float("-inf")):
            raise TrainingError(f"the loss {name} became {value} in step {step}: {_BROKEN}", hint=_GO_ON)


def of_process(state: Mapping[str, Tensor], rank: int) -> dict[str, Tensor]:
    """What a process had of its own in what `Trainer.state_of_all` gave, and otherwise the first one's."""
    shared = {name: tensor for name, tensor in state.items() if not name.startswith(f"{_PROCESSES}.")}
    return shared | _below(state, f"{_PROCESSES}.{rank}")


def _is_equal(tensor: Tensor, other: Tensor | None) -> bool:
    return other is not None and torch.equal(tensor, other)


def _below(state: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
