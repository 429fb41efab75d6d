"""Checks the settings of the hint methods."""

from pipelines.core.errors import SettingsError


def check_number(name: str, value: float, least: float, most: float | None = None) -> None:
    """Raise SettingsError unless least <= value <= most (no upper bound where most is None)."""
    if not value >= least or (most is not None and value > most):  # the first form also refuses NaN
        raise SettingsError(f"{name} = {value} is out of range", hint=f"Use a number {_words(least, most)}")


def check_range(name: str, value: tuple[int, int], least: int, most: int | None = None) -> None:
    """Raise SettingsError unless least <= low <= high <= most for the range value = (low, high)."""
    low, high = value
    if not least <= low <= high or (most is not None and high > most):
        raise SettingsError(
            f"{name} = {low},{high} is not a range in order and within bounds",
            hint=f"Use two numbers LOW,HIGH {_words(least, most)}",
        )


def _words(least: float, most: float | None) -> str:
    return f"from {least} to {most}" if most is not None else f"of at least {least}"
