"""Who takes the course and what else is known of them: by this submissions, marks and exports are joined."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One student as far as a roster, a gradebook's template or a download tells; what it does not tell is empty.

    `Gradebook.roster(assignment)` gives one for everybody on the roster and for everybody who handed something in;
    its `student_id` is that of the grades. An export joins the rows of an LMS's file by `lms` first.

    Args:
        student_id: as in the grades; it stays what it was when the student was first seen in a gradebook.
        name: as the source writes it, such as `Kim, Chulsoo`.
        number: the university's student number, as text with its leading zeros.
        login: the account's name.
        email: the address.
        lms: the LMS's own ids, by kind: `canvas` (the gradebook's column ID), `moodle` (the number of `Participant
            12`), `gradescope` (the submission's id) and so on; empty for sources that have none.
        section: the class or group within the course; several as `01, 02`, as Canvas `01 and 02`.
        listed: whether a roster names the student; False for one who only handed something in.
    """

    student_id: str
    name: str = ""
    number: str = ""
    login: str = ""
    email: str = ""
    lms: Mapping[str, str] = field(default_factory=dict)
    section: str = ""
    listed: bool = True

    def completed(self, other: Enrolled) -> Enrolled:
        """The student, with what only another source tells of the same one."""
        return replace(
            self,
            name=self.name or other.name,
            number=self.number or other.number,
            login=self.login or other.login,
            email=self.email or other.email,
            lms={**other.lms, **self.lms},
            section=self.section or other.section,
            listed=self.listed or other.listed,
        )

    def within(self, sections: Collection[str]) -> bool:
        """Whether the student is in one of these sections."""
        return within(self.section, sections)


def within(section: str, wanted: Collection[str]) -> bool:
    """Whether a field that names one section or several (`01, 02`; `01 and 02`) names a wanted one."""
    return not {section, *re.split(r", | and ", section)}.isdisjoint(wanted)
