"""What a check found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor."""

    name: str  # what was looked at
    state: State  # note: it works, but not as it could
    found: str
    remedy: str = ""  # what to type

    def as_text(self) -> str:
        """The line, and what to type on a second one."""
        line = f"{self.state:8}{self.name}: {self.found}"
        return f"{line}\n        -> {self.remedy}" if self.remedy else line
