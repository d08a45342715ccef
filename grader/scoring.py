"""The whole grading policy: what a finding is worth, and which of several findings counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from grader.records import Finding, Item, Outcome, Score
from grader.rows import exact, rounded


def score(item: Item, finding: Finding, *, key: str) -> Score:
    """Apply the rubric to one finding.

    Args:
        item: the row of the rubric.
        finding: what the check found out.
        key: content hash of everything the score depends on.

    Raises:
        ValueError: outcome and credit contradict each other, which is a bug of the check.
    """
    if not consistent(item, finding).outcome.decided:
        return Score(item, finding, earned=0.0, possible=0.0, key=key)
    return Score(item, finding, earned=earned(item.points, finding.credit), possible=item.points, key=key)


def consistent(item: Item, finding: Finding) -> Finding:
    """The finding, whose credit fits its outcome.

    Raises:
        ValueError: they contradict each other, which is a bug of the check.
    """
    match finding.outcome:
        case Outcome.PASSED:
            fits = finding.credit == 1
        case Outcome.PARTIAL:
            fits = 0 < finding.credit < 1
        case _:
            fits = finding.credit == 0 or not finding.outcome.decided
    if fits:
        return finding
    raise ValueError(f"item {item.id!r}: {finding.outcome} with a credit of {finding.credit}")


def earned(points: float, credit: float) -> float:
    """A share of points in two decimals, where a half goes up as on paper; all of it is all, 0.125 for instance."""
    if credit == 1:
        return points
    return min(points, rounded(exact(points) * exact(credit)))


def best(findings: Sequence[Finding]) -> Finding:
    """Choose the finding that counts among those of a target's versions, given oldest first.

    The first pass wins. Without one, a version we could not judge might have been the pass, so broken and then waiting
    come before any failure. Among failures the highest credit wins; of equals one that gave values, because a class
    made for something else only raises; and of those the last: it is what stands in the notebook at the end.

    Raises:
        ValueError: there is no finding.
    """
    for outcome in (Outcome.PASSED, Outcome.BROKEN, Outcome.WAITING):
        for finding in findings:
            if finding.outcome is outcome:
                return finding
    # max keeps the first of equals
    return max(reversed(findings), key=lambda finding: (finding.credit, gave_values(finding)))


def nearest(findings: Sequence[Finding]) -> Finding:
    """As `best`, for values, whose names are used again further below: of failures the one that is least wrong.

    Raises:
        ValueError: there is no finding.
    """
    kinds = ("shape", "missing", "value")  # of a mismatch, the least wrong last
    order = {kind: number for number, kind in enumerate(kinds, 1)}
    found = best(findings)
    if found.outcome is not Outcome.FAILED:
        return found
    return max(reversed(findings), key=lambda each: order.get(each.mismatch.kind, 0) if each.mismatch else 0)


def needed(ids: Collection[str], items: Sequence[Item]) -> set[str]:
    """The ids of the items that these build on, at any remove."""
    return set(_reached([need for each in items if each.id in ids for need in each.needs], items))


def lacking(item: Item, findings: Mapping[str, Finding], items: Sequence[Item]) -> list[str]:
    """Ids of the items that this one builds on, at any remove, and that did not pass as the student wrote them."""
    return [need for need in _reached(item.needs, items) if need in findings and findings[need].credit < 1]


def _reached(needs: Sequence[str], items: Sequence[Item]) -> list[str]:
    """These ids and those that they build on in turn, the nearest first, each once."""
    found = list(dict.fromkeys(needs))
    if not found:
        return found  # as most items, of which there are many
    further = {each.id: each.needs for each in items}
    for need in found:  # grows meanwhile
        found += [each for each in further[need] if each not in found]
    return found


def gave_values(finding: Finding) -> bool:
    """Whether a version got as far as something that can be compared."""
    compared = finding.mismatch is not None and finding.mismatch.kind != "type"
    return finding.credit > 0 or compared or bool(finding.evidence.keys() - {"cell", "notebook"})
