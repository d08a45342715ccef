"""The reference as a session: answers the same probes as a student's kernel, in our own process."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import inspect
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from grader.errors import AnswerKeyError, RubricError
from grader.kernel.inside.answering import NotDefined, answer
from grader.kernel.wire import observation_frame, read_observation
from grader.probes import Layer, Observation, Probe, Returned, Value, Version


class AnswerKey:
    """The reference of one assignment. Answers are kept, so that a class of students costs one computation.

    Args:
        course: the folder that holds `reference/`.
        name: the package below it.
        secret: makes hidden cases of its own; without one the public cases are asked.

    Raises:
        RubricError: there is no such reference.
    """

    def __init__(self, course: Path, name: str, *, secret: bytes | None = None) -> None:
        self._secret = secret
        self._solutions = _module(course, name, "solutions")
        self._inputs = _module(course, name, "inputs")
        self._stand_ins = _module(course, name, "stand_ins")
        self._mistakes = _module(course, name, "misconceptions")
        self._answers: dict[bytes, Observation] = {}

    # ---- as a session ------------------------------------------------------------------------------------------------

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe.

        Raises:
            AnswerKeyError: the reference fails to answer, which is never the student's fault.
        """
        for probe in probes:
            key = _key(probe)
            if key not in self._answers:
                self._answers[key] = self._answered(probe)
            yield self._answers[key]

    def versions(self, target: str) -> Sequence[Version]:
        """The reference defines everything once."""
        return [Version(1, "definition")]

    def _answered(self, probe: Probe) -> Observation:
        with _undisturbed():
            observation = answer(probe, self)
        if isinstance(observation, Returned):
            # Through the same door as a student's values, so that both are plain and detached.
            return read_observation(observation_frame(observation))
        raise AnswerKeyError(f"the reference's {probe.target} fails on question {probe.question!r}: {observation}")

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The `Bench` of the reference: its solutions by name."""
        bare, _, number = target.partition("@")
        names = [name.strip() for name in bare.split(",")]
        namespace = vars(self._solutions)
        if missing := [name for name in names if name not in namespace]:
            raise NotDefined(f"{missing[0]} is not in {self._solutions.__name__}")
        value = namespace[names[0]] if len(names) == 1 else tuple(namespace[name] for name in names)
        yield (value[int(number)] if number else value), namespace

    # ---- what only the reference has ---------------------------------------------------------------------------------

    def case(self, generator_name: str, seed: int, number: int) -> tuple[tuple[Value, ...], dict[str, Value], Any]:
        """Arguments for one case: args, kwargs, and the inputs of forward for modules (else None).

        Raises:
            RubricError: there is no such generator.
        """
        make = getattr(self._inputs, generator_name, None)
        if make is None:
            raise RubricError(f"rubric.yaml: inputs: {generator_name!r} is not in {self._inputs.__name__}")
        with _undisturbed():
            torch.set_default_dtype(torch.float32)  # what a generator draws must not depend on what was asked before
            made = make(torch.Generator().manual_seed(seed), number)
        args = tuple(_travelling(arg, seed) for arg in made.args)
        kwargs = {name: _travelling(arg, seed) for name, arg in made.kwargs.items()}
        return args, kwargs, getattr(made, "inputs", None)

    def seed(self, item: str, number: int) -> int:
        """The seed of a case: by HMAC from the secret, so that a regrade repeats it, or public."""
        message = f"{item}/{number}".encode()
        if self._secret is None:
            return int.from_bytes(hashlib.sha256(b"public/" + message).digest()[:6], "little")
        return int.from_bytes(hmac.new(self._secret, message, "sha256").digest()[:6], "little")

    def misconceptions(self, probes: Sequence[Probe]) -> Iterator[tuple[str, Sequence[Observation]]]:
        """Per misconception of the probes' target its sentence, and what it answers to the probes."""
        for mistaken in self._mistakes.MISCONCEPTIONS.get(probes[0].target, ()):
            text = " ".join((mistaken.__doc__ or "").split())
            yield text, [self._mistaken(mistaken, probe) for probe in probes]

    def _mistaken(self, mistaken: Any, probe: Probe) -> Observation:
        key = _key(probe) + mistaken.__qualname__.encode()
        if key not in self._answers:
            with _undisturbed():
                observation = answer(probe, _OnlyOne(mistaken))
            self._answers[key] = read_observation(observation_frame(observation))
        return self._answers[key]

    def stand_in(self, target: str) -> str | None:
        """Source text of a right helper made of torch's own operations, where there is one."""
        made = self._stand_ins.STAND_INS.get(target)
        return None if made is None else inspect.getsource(made)

    def fingerprint(self) -> str:
        """A hash of the reference's source text: what marks depend on."""
        digest = hashlib.sha256()
        for module in (self._solutions, self._inputs, self._stand_ins, self._mistakes):
            digest.update(inspect.getsource(module).encode())
        return digest.hexdigest()


class _OnlyOne:
    """The `Bench` of one misconception, whatever name is asked for."""

    def __init__(self, target: Any) -> None:
        self._target = target

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        yield self._target, {}


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave this process as it was: probes set generators and default dtype, which the grader's own code relies on."""
    dtype = torch.get_default_dtype()
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def _travelling(value: Any, seed: int) -> Value:
    if isinstance(value, Mapping) and "layer" in value:
        return Layer(value["layer"], dict(value["kwargs"]), seed)
    return value


def _module(course: Path, name: str, part: str) -> ModuleType:
    if str(course) not in sys.path:
        sys.path.insert(0, str(course))
    try:
        return importlib.import_module(f"reference.{name}.{part}")
    except ModuleNotFoundError as error:
        raise RubricError(f"{course}/reference/{name}/{part}.py is missing ({error})") from error


def _key(probe: Probe) -> bytes:
    # Stand-ins replace the student's helpers; the reference has its own, so they do not change its answers.
    digest = hashlib.sha256()
    _feed(digest, [probe.question, probe.target, list(probe.args), dict(probe.kwargs), probe.seed])
    _feed(digest, dict(probe.options))
    return digest.digest()


def _feed(digest: Any, value: Value) -> None:
    if isinstance(value, torch.Tensor):
        digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
        flat = value.detach().reshape(-1).clone(memory_format=torch.contiguous_format)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    elif isinstance(value, Mapping):
        for key, each in value.items():
            digest.update(f"{{{key}".encode())
            _feed(digest, each)
    elif isinstance(value, list | tuple):
        digest.update(f"[{len(value)}".encode())
        for each in value:
            _feed(digest, each)
    elif isinstance(value, Layer):
        _feed(digest, [value.name, dict(value.kwargs), value.seed])
    else:
        digest.update(f"{type(value).__name__}:{value!r}".encode())
