"""What one submission leaves behind, the next one from the same template does not find."""

from __future__ import annotations

import os
import re

from tests.hostile import cases, standing
from tests.hostile.conftest import Desks

_LEFT = re.compile(r"found: (\[[^]]*\])")
_CHANGED = re.compile(r"changed: (\[[^]]*\]); settings: (\[[^]]*\])")


def test_the_next_submission_finds_nothing_of_what_one_left_wherever_it_could_write(desks: Desks) -> None:
    desk = desks["forked"]
    before = standing.descendants()

    left = desk.grade(cases.submission("poison/leaves-everywhere"))
    found = desk.grade(cases.submission("poison/searches-everywhere"))

    said = _LEFT.search(standing.said(found))
    assert "wrote somewhere: True" in standing.said(left)
    assert said is not None and said.group(1) == "[]"
    assert standing.survivors(before) == set()


def test_a_template_stands_whatever_is_done_to_it_through_proc(desks: Desks) -> None:
    desk = desks["forked"]
    before = standing.descendants()

    poisoned = desk.grade(cases.submission("poison/attacks-the-template"))
    after = desk.grade(cases.submission(cases.HONEST))

    assert "into memory: []; environment: []; signalled: []" in standing.said(poisoned)
    assert after.earned == after.possible > 0
    assert after.isolation.split()[0] == "forked"
    assert standing.descendants() >= before, "the template was started anew"


def test_a_session_cannot_make_the_template_slow(desks: Desks) -> None:
    desk = desks["forked"]
    template = standing.descendants()
    before = {process: os.getpriority(os.PRIO_PROCESS, process) for process in template}

    grade = desk.grade(cases.submission("poison/reaches-by-group"))

    assert "niceness: 19" in standing.said(grade)
    assert {process: os.getpriority(os.PRIO_PROCESS, process) for process in template} == before


def test_nothing_of_the_machine_that_belongs_to_its_root_can_be_changed(desks: Desks) -> None:
    grade = desks["forked"].grade(cases.submission("poison/plays-root"))

    said = _CHANGED.search(standing.said(grade))
    assert said is not None and said.groups() == ("[]", "[]")
