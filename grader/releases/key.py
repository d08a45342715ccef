"""The right answers of a released folder: looked up, never computed, because no right answer in it is code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from grader import seeds
from grader.checks.later import AFTERWARDS
from grader.errors import ReleaseError
from grader.kernel.channel import Frame, ProtocolError
from grader.kernel.wire import DTYPES, decode, encode, read_observation
from grader.probes import Observation, Probe, Value, Version
from grader.recording import key
from grader.releases import vectors

_T = TypeVar("_T")
_LARGEST_VALUE: Final = 64 << 20  # bytes


class NotReleased(LookupError):
    """What students received does not tell; the message is a sentence for them."""


class ReleasedKey:
    """A `grader.checks.asking.Reference` that answers from public vectors alone.

    What they lack is never guessed: whoever asks for it gets `NotReleased`.

    Args:
        folder: the released folder.
        assignment: its name.

    Raises:
        ReleaseError: the vectors are damaged or of another version.
    """

    def __init__(self, folder: Path, assignment: str) -> None:
        self._index = vectors.read(folder, assignment)
        path = self._index.tensors
        try:
            self._tensors = load(vectors.content(path))
        except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
            raise vectors.damaged(path, str(error)[:80]) from None
        self._cases: dict[tuple[str, int, int], tuple[tuple[Value, ...], dict[str, Value], Any]] = {}

    @property
    def solutions(self) -> SimpleNamespace:
        """No definition of the reference is here."""
        return SimpleNamespace()

    # ---- as a session ------------------------------------------------------------------------------------------------

    def versions(self, target: str) -> Sequence[Version]:
        """The reference defines everything once."""
        return [Version(1, "definition")]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """The recorded answers.

        Raises:
            NotReleased: a probe is none of those that were recorded.
        """
        for probe in probes:
            answer = self._index.answers.get(key(probe))
            if answer is None:
                raise NotReleased(AFTERWARDS)
            yield self._observation(answer)

    # ---- what only the reference has ---------------------------------------------------------------------------------

    def case(self, generator_name: str, seed: int, number: int) -> tuple[tuple[Value, ...], dict[str, Value], Any]:
        """Arguments of one public case, to be read only.

        Raises:
            NotReleased: it is none.
        """
        known = (generator_name, seed, number)
        if known not in self._index.cases:
            raise NotReleased(AFTERWARDS)
        if known not in self._cases:
            args, kwargs, inputs = map(self._value, self._index.cases[known])
            if not isinstance(args, tuple) or not isinstance(kwargs, dict):
                raise self._damaged("a case has no arguments")
            self._cases[known] = args, kwargs, inputs
        return self._cases[known]

    def seed(self, item: str, number: int) -> int:
        """The seed of a case: there are public ones only."""
        return seeds.public(item, number)

    def public_seed(self, item: str, number: int) -> int:
        """The seed of a public case."""
        return seeds.public(item, number)

    def misconceptions(self, probes: Sequence[Probe]) -> Iterator[tuple[str, Sequence[Observation]]]:
        """Per mistake of the probes' target its sentence and its answers, where all of them were recorded."""
        names = [key(probe) for probe in probes]
        for text, answers in self._index.mistakes.get(probes[0].name, ()):
            if answers.keys() >= set(names):
                yield text, [self._observation(answers[name]) for name in names]

    def stand_in(self, target: str) -> str | None:
        """None for a name that the grader has no helper for.

        Raises:
            NotReleased: it has one, which is a right answer and so stays with the course.
        """
        if target in self._index.helpers:
            raise NotReleased(f"This is judged once `{target}` is right, because it builds on it.")
        return None

    # ---- values ------------------------------------------------------------------------------------------------------

    def _observation(self, tree: Any) -> Observation:
        return self._read(tree, lambda inlined, body: read_observation(Frame("observation", inlined, body)))

    def _value(self, tree: Any) -> Value:
        return self._read(tree, decode)

    def _read(self, tree: Any, read: Callable[[Any, bytes], _T]) -> _T:
        """What `read` makes of a tree and the bytes of its tensors, as they travel between processes."""
        body = bytearray()
        try:
            return read(self._inlined(tree, body), bytes(body))
        except (ProtocolError, TypeError, AttributeError, RecursionError) as error:
            raise self._damaged(str(error)) from None

    def _inlined(self, tree: Any, body: bytearray) -> Any:
        match tree:
            case {"tensor": [str() as name, str() as dtype]}:
                inlined = encode(self._tensor(name, dtype), body)
                if len(body) > _LARGEST_VALUE:  # a tensor may be named again and again
                    raise self._damaged("a value is too large")
                return inlined
            case Mapping():
                return {kind: self._inlined(each, body) for kind, each in tree.items()}
            case list():
                return [self._inlined(each, body) for each in tree]
        return tree

    def _tensor(self, name: str, dtype: str) -> torch.Tensor:
        try:
            return self._tensors[name].to(DTYPES[dtype])
        except KeyError as lacking:
            raise self._damaged(f"it lacks {lacking}") from None

    def _damaged(self, why: str) -> ReleaseError:
        return vectors.damaged(self._index.tensors.with_suffix(".json"), why[:80])
