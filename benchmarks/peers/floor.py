"""The student's own computation: a notebook's cells, then the very probes that the checks ask, in one plain process.

    python benchmarks/peers/floor.py FOLDER ITEM ...      prints JSON: [seconds of cells, seconds of probes, outcomes]
                                                          by student

PART=0/2 in the environment takes the first half of the submissions, one after the other.
No sandbox, kernel, pipe or comparison is in it: the time is that of executing the cells and of answering the probes.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from IPython.core.inputtransformer2 import TransformerManager

from grader import checks, datasets, judging, notebook, pipeline, rubric, submissions
from grader.answer_key import AnswerKey
from grader.kernel.cells import Slice
from grader.kernel.inside import images
from grader.kernel.inside.answering import NotDefined, answer
from grader.kernel.inside.looking import clone, kind_of, same
from grader.kernel.wire import observation_frame, read_observation
from grader.probes import Missing, Observation, Probe, Version
from grader.records import Assignment, Finding, Item, Profile, Submission

ROOT = Path(__file__).parents[2]
_UNREAD = ("calls", "text")  # asked of the notebook's text, which is not the student's computation


class Plain:
    """A notebook as a session in this process, with the time that its code took."""

    def __init__(self, cells: Sequence[str], items: Sequence[Item], prelude: Sequence[str]) -> None:
        self.cells_s = self.probes_s = 0.0
        self._targets = {item.target: [name.strip() for name in item.target.split(",")] for item in items}
        self._bound: dict[str, list[tuple[Version, Any, dict[str, Any]]]] = {target: [] for target in self._targets}
        self._seen: dict[str, list[Any]] = {}
        self._namespace: dict[str, Any] = {"__name__": "__main__"}
        exec("\n".join(prelude), self._namespace)
        for number, source in enumerate(cells, start=1):
            self._run(number, source)

    def _run(self, number: int, source: str) -> None:
        try:
            statements = ast.parse(TransformerManager().transform_cell(source)).body
        except SyntaxError:
            return
        for statement in statements:
            code = compile(ast.Module([statement], []), f"cell {number}", "exec")
            began = time.process_time()
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                exec(code, self._namespace)
            self.cells_s += time.process_time() - began
            self._look(number)

    def _look(self, number: int) -> None:
        for target, names in self._targets.items():
            values = [self._namespace.get(name) for name in names]
            if any(value is None for value in values) or all(map(same, self._seen.get(target, [None]), values)):
                continue
            self._seen[target] = values
            kind, note = kind_of(names[0], values[0], "/none")
            kept = [clone(value) for value in values] if kind == "value" else values
            value = kept[0] if len(names) == 1 else tuple(kept)
            self._bound[target].append((Version(number, kind, note=note), value, dict(self._namespace)))

    def versions(self, target: str) -> Sequence[Version]:
        """The bindings of a target, oldest first."""
        return [version for version, _, _ in self._bound.get(target, ())]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe."""
        for probe in probes:
            if probe.question in _UNREAD:
                yield Missing(probe.target)
                continue
            began = time.process_time()
            observation = answer(probe, self)
            self.probes_s += time.process_time() - began
            yield read_observation(observation_frame(observation))

    @contextlib.contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The `Bench` of the notebook. A stand-in takes the student's place for the time of the question."""
        name, _, number = target.partition("@")
        if not number or int(number) >= len(self._bound[name]):
            raise NotDefined()
        _, value, namespace = self._bound[name][int(number)]
        helpers: dict[str, Any] = {}
        exec("import torch\nfrom torch import nn\nfrom torch.nn import functional as F", helpers)
        for source in stand_ins.values():
            exec(source, helpers)
        final = dict(self._namespace)
        self._namespace.update(namespace)
        self._namespace.update({each: helpers[each] for each in stand_ins})
        try:
            yield value, self._namespace
        finally:
            self._namespace.clear()
            self._namespace.update(final)


def computed(submission: Submission, assignment: Assignment, items: Sequence[Item], key: AnswerKey) -> Any:
    """Seconds of the cells, seconds of the probes, and the outcomes by item."""
    everything = Slice()
    data = datasets.training_folder()
    served = str(data) if data else None
    images.configure(served, train=everything.train, val=everything.val, max_steps=everything.max_steps)
    files = [notebook.read(file) for file in submission.notebooks]
    cells = [notebook.neutralised(cell.source) for each in files for cell in each.code]
    torch.manual_seed(0)
    session = Plain(cells, items, assignment.prelude)
    images.configure(served)
    course = pipeline.Course(assignment, key, sandboxes=None, device="cpu", profile=Profile.QUICK)  # type: ignore
    findings: dict[str, Finding] = {}
    for item in items:
        findings[item.id] = judging.judge(session, item, findings, course)
    return session.cells_s, session.probes_s, {item: finding.outcome.value for item, finding in findings.items()}


def main(folder: str, *wanted: str) -> None:
    """Print what each takes, after a first one that loads what is loaded when it is first used."""
    torch.set_num_threads(1)
    images.patch_torchvision()
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    items = [item for item in assignment.items if item.id in wanted]
    key = AnswerKey(ROOT, assignment.reference)
    part, _, of = os.environ.get("PART", "0/1").partition("/")
    found = submissions.read([Path(folder)])[int(part) :: int(of)]
    computed(found[0], assignment, items, key)
    print(json.dumps({each.student.id: computed(each, assignment, items, key) for each in found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
