"""All body plans by name."""

from __future__ import annotations

from collections.abc import Callable

from _monster_drifters import DRIFTERS
from _monster_model import Sketch
from _monster_oddities import ODDITIES
from _monster_walkers import WALKERS

PLANS: dict[str, Callable[[Sketch], None]] = {**WALKERS, **DRIFTERS, **ODDITIES}
"""Each plan adds the parts of one monster to a sketch."""
