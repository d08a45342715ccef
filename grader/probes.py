"""What is asked of a session, and what comes back.

A student's kernel, the reference and a recording all answer the same probes through the one method of `Session`.
This module also travels into the sandbox; it imports nothing but the standard library.

A value in a probe or an observation is None, bool, int, float, str, a list, tuple or dict of values, a
`torch.Tensor`, or (in probes only) a `Layer`. An object of any other kind is observed as `Opaque`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

Value: TypeAlias = Any  # see the module docstring; narrowed by compare.py and the checks

PUBLIC: Final = "public"  # the option of a probe that is asked for a picture; no mark depends on its answer


@dataclass(frozen=True, slots=True)
class Layer:
    """A library layer given as an argument, such as `nn.Conv2d(1, 1, 3, padding=1)`; its weights come from `seed`."""

    name: str  # a class of torch.nn
    kwargs: Mapping[str, Value]
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Opaque:
    """An object that does not cross the boundary; only the name of its type does."""

    type: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One question about one name.

    Args:
        question: how to ask; the table is `QUESTIONS` in kernel/inside/answering.py.
        target: the name asked about; `name@2` is the version of it captured third.
        args: positional arguments of the call or constructor.
        kwargs: keyword arguments of the call or constructor.
        seed: seeds every generator before the call, and parameters where a question fills them.
        options: settings of the question, such as inputs of a module.
        stand_ins: source text of helpers that replace the student's own, by name.
    """

    question: str
    target: str
    args: tuple[Value, ...] = ()
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 0
    options: Mapping[str, Value] = field(default_factory=dict)
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The target, whichever version of it is meant."""
        return numbered(self.target)[0]


def numbered(target: str) -> tuple[str, int | None]:
    """What is asked about, and which version of it: `name@2` is the third; None where no version is said."""
    name, _, number = target.partition("@")
    return name, int(number) if number.isdigit() else None


def names_of(target: str) -> tuple[str, ...]:
    """The names in a target; several that belong together are asked about as one, such as `X, K`."""
    return tuple(name.strip() for name in target.split(","))


@dataclass(frozen=True, slots=True)
class Returned:
    """The target gave a value."""

    value: Value


@dataclass(frozen=True, slots=True)
class Raised:
    """The target raised; `line` is the student's own source line, empty when it is not theirs."""

    type: str
    line: str = ""
    message: str = ""  # shown only for probes under the public seed


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer came within the limit."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Missing:
    """The target is not defined; `reason` tells why when that is known, for instance a syntax error in its cell."""

    target: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Died:
    """The process that should have answered is gone."""

    reason: str


Observation: TypeAlias = Returned | Raised | TimedOut | Missing | Died


@dataclass(frozen=True, slots=True)
class Version:
    """One binding of a target, as it stood after the statement that made it."""

    cell: int  # 1-based position among the notebook's cells
    kind: str  # definition (function or class of the student's), library (an object of a library), value
    notebook: str = ""
    note: str = ""  # what staff should know, such as "subclass that adds nothing"


class Session(Protocol):
    """Whatever answers probes: the student's kernel, the reference, a recording, a fake."""

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe in order, streamed, so that a hang at the third loses only the third."""
        ...

    def versions(self, target: str) -> Sequence[Version]:
        """The captured bindings of a target, oldest first; probe number n of them as `target@n`."""
        ...
