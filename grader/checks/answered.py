"""A written answer is there, and waits for a person."""

from __future__ import annotations

from grader.checks.asking import Reference, failed
from grader.probes import Probe, Returned, Session, Value
from grader.records import Finding, Item, Outcome

_SHOWN = 20_000  # characters of the answer kept for staff


def answered(student: Session, reference: Reference, item: Item, *, looks_for: str = "") -> Finding:
    """The text found in section `target` goes to staff; an empty one earns nothing and needs nobody.

    Args:
        student: who wrote.
        reference: not asked.
        item: whose target is the section.
        looks_for: what a good answer says, which `grader review` shows to whoever marks; never to students.
    """
    (observation,) = student.ask([Probe("text", item.target)])
    text = observation.value if isinstance(observation, Returned) and isinstance(observation.value, str) else ""
    if not text.strip():
        return failed(f"No discussion of {item.section} was found.")
    evidence: dict[str, Value] = {"text": text[:_SHOWN]}
    if "attachment:" in evidence["text"]:
        (observation,) = student.ask([Probe("pictures", item.target)])
        if isinstance(observation, Returned) and observation.value:
            evidence["pictures"] = observation.value
    count = len(text.split())
    told = f"{count} words wait for a reader." if count > 1 else "One word waits for a reader."
    return Finding(Outcome.WAITING, 0.0, told, evidence=evidence)
