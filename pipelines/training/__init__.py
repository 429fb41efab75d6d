"""The training of any model: task, trainer, data, validation, run folder."""
