"""One suite for everything that answers probes: cold, forked, without a sandbox, recorded, and the tests' fake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import pytest
import torch

from grader.commands.isolation import bubblewrap_problem
from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.probes import Died, Missing, Observation, Probe, Raised, Returned, Session, TimedOut, Version
from grader.recording import RecordedSession, Recorder
from grader.records import Limits
from tests.fakes import FakeSession

LIMITS = Limits(cell_s=4, probe_s=2, total_s=60)
CELLS = (
    (1, "import torch\nfrom torch import nn"),
    (3, "def double(X):\n  return 2 * helper(X)\ndef stub(X):\n  raise NotImplementedError"),
    (4, "def helper(X):\n  return X"),
    (5, "1 / 0\ndef after(X):\n  return X + 1"),
    (
        6,
        "def hang(n):\n  while n == 2:\n    pass\n  return n\ndef kill(n):\n  import os\n  if n == 1:\n    os._exit(1)\n  return n",
    ),
    (7, "import os; os._exit(3)\ndef below(X):\n  return X - 1"),
    (8, "def broken(:"),
    (9, "double = nn.MaxPool2d(2)\nweight = torch.ones(2)\nweight += 1"),
    (10, "weight *= 5"),
)
NO_PYTHON = "cell 8 does not run: SyntaxError in its line 1 (invalid syntax)"
TARGETS = ("double", "stub", "after", "hang", "kill", "below", "broken", "weight", "never")
ONE = torch.ones(2)


def probes() -> list[Probe]:
    """Everything the suite asks; the recording is made from it."""
    return [
        *(Probe("call", f"{name}@0", (ONE,)) for name in ("double", "stub", "after", "below")),
        *(Probe("call", "hang@0", (n,)) for n in range(4)),
        *(Probe("call", "kill@0", (n,)) for n in range(3)),
        *(Probe("state", f"weight@{n}") for n in range(3)),
        Probe("call", "never@0"),
        Probe("call", "broken@0"),
    ]


def canned(probe: Probe) -> Observation:
    """What a right session answers: the specification in one place."""
    name, _, number = probe.target.partition("@")
    argument = probe.args[0] if probe.args else None
    match name, argument:
        case ("double", torch.Tensor()):
            return Returned(2 * argument)
        case ("stub", _):
            return Raised("NotImplementedError", "raise NotImplementedError")
        case ("after", torch.Tensor()):
            return Returned(argument + 1)
        case ("below", torch.Tensor()):
            return Returned(argument - 1)
        case ("hang", 2):
            return TimedOut(2.0)
        case ("kill", 1):
            return Died("it exited")
        case ("hang" | "kill", int()):
            return Returned(argument)
        case ("weight", _):
            return Returned(torch.full((2,), (1.0, 2.0, 10.0)[int(number)]))
        case ("broken", _):
            return Missing("broken", NO_PYTHON)
        case _:
            return Missing(name)


def kernel_session(sandboxes: Sandboxes, isolation: str) -> Iterator[Session]:
    with KernelSession(Script("hw.ipynb", CELLS, TARGETS), sandboxes.open, LIMITS) as session:
        yield session
    assert sandboxes.isolation.split()[0] == isolation


def cold(backend: str) -> Iterator[Session]:
    if backend == "bubblewrap" and (problem := bubblewrap_problem()):
        pytest.skip(f"{problem}: bubblewrap would run this")
    with Sandboxes(Confinement(backend, None, limits=LIMITS), warm=False) as sandboxes:
        yield from kernel_session(sandboxes, backend)


@pytest.fixture(scope="module", params=["forked", "cold", "unconfined", "recorded", "fake"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    match request.param:
        case "forked":
            yield from kernel_session(request.getfixturevalue("forked"), "forked")
        case "cold":
            yield from cold("bubblewrap")
        case "unconfined":
            yield from cold("none")
        case "recorded":
            for original in cold("none"):
                recorder = Recorder(original)
                for target in TARGETS:
                    recorder.versions(target)
                list(recorder.ask(probes()))
                yield RecordedSession.load(recorder.dump())
        case _:
            captured = {name: [Version(cell, "definition", "hw.ipynb")] for name, cell in
                        (("stub", 3), ("after", 5), ("hang", 6), ("kill", 6), ("below", 7))}  # fmt: skip
            double = [
                Version(3, "definition", "hw.ipynb"),
                Version(9, "library", "hw.ipynb", "`double` is an object of MaxPool2d"),
            ]
            weight = [Version(cell, "value", "hw.ipynb") for cell in (9, 9, 10)]
            yield FakeSession(canned, versions={**captured, "double": double, "weight": weight})


def ask(session: Session, target: str, *arguments: object) -> Sequence[Observation]:
    return list(session.ask([Probe("call", f"{target}@0", (argument,)) for argument in arguments]))


def test_a_definition_is_asked_as_it_stood_though_its_name_was_rebound(session: Session) -> None:
    (observation,) = ask(session, "double", ONE)

    assert isinstance(observation, Returned)
    assert torch.equal(observation.value, 2 * ONE)


def test_a_helper_of_a_later_cell_is_found_and_versions_tell_their_cells(session: Session) -> None:
    versions = session.versions("double")

    assert [(version.cell, version.kind) for version in versions] == [(3, "definition"), (9, "library")]


def test_an_exception_is_an_observation_with_the_students_own_line(session: Session) -> None:
    (observation,) = ask(session, "stub", ONE)

    assert isinstance(observation, Raised)
    assert (observation.type, observation.line) == ("NotImplementedError", "raise NotImplementedError")


def test_a_definition_below_the_line_that_raised_still_runs(session: Session) -> None:
    (observation,) = ask(session, "after", ONE)

    assert isinstance(observation, Returned)
    assert torch.equal(observation.value, ONE + 1)


def test_a_cell_that_ends_the_kernel_costs_only_what_it_does_not_define(session: Session) -> None:
    (observation,) = ask(session, "below", ONE)

    assert isinstance(observation, Returned)
    assert torch.equal(observation.value, ONE - 1)


def test_a_hang_in_the_third_probe_loses_only_the_third(session: Session) -> None:
    observations = ask(session, "hang", 0, 1, 2, 3)

    assert observations == [Returned(0), Returned(1), TimedOut(2.0), Returned(3)]


def test_a_probe_that_ends_the_kernel_loses_only_itself(session: Session) -> None:
    observations = ask(session, "kill", 0, 1, 2)

    assert observations == [Returned(0), Died("it exited"), Returned(2)]


def test_answers_are_streamed(session: Session) -> None:
    asked = [Probe("call", "hang@0", (n,)) for n in (0, 2)]

    assert list(islice(session.ask(asked), 1)) == [Returned(0)]


def test_values_changed_in_place_later_are_kept_as_they_were(session: Session) -> None:
    observations = list(session.ask([Probe("state", f"weight@{n}") for n in range(3)]))

    values = [observation.value[0].item() for observation in observations if isinstance(observation, Returned)]
    assert values == [1.0, 2.0, 10.0]
    assert [version.cell for version in session.versions("weight")] == [9, 9, 10]


def test_a_name_that_is_not_defined_is_missing_with_the_reason_where_one_is_known(session: Session) -> None:
    never, broken = session.ask([Probe("call", "never@0"), Probe("call", "broken@0")])

    assert never == Missing("never")
    assert broken == Missing("broken", NO_PYTHON)
