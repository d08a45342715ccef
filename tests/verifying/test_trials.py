"""Every kind of candidate before the checks of a small course."""

from __future__ import annotations

from grader import checks, rubric
from grader.verifying.trials import Trials
from tests.verifying.conftest import PARTS, Make


def trials(make_course: Make, drawn: str = "torch.randn(3, generator=generator)", **parts: str) -> Trials:
    course = make_course(drawn, **parts)
    return Trials(course, rubric.choose(rubric.load(course, checks.bind), None))


def test_only_what_a_machine_judges_is_tried(make_course: Make) -> None:
    assert [item.id for item in trials(make_course).items] == ["double-values"]


def test_the_reference_earns_everything(make_course: Make) -> None:
    right = trials(make_course).right()

    assert [(said.item, said.credit) for said in right.said] == [("double-values", 1)]
    assert not right.caught


def test_a_misconception_is_refused_by_its_own_sentence(make_course: Make) -> None:
    (mistaken,) = trials(make_course).mistaken()

    assert (mistaken.subject, mistaken.name, mistaken.caught) == ("double", "tripled", True)
    assert mistaken.said[0].message.startswith(mistaken.sentence)
    assert mistaken.sentence == "This is three times as much: 1 asks to double."


def test_mutants_are_judged_by_the_items_of_what_they_are_part_of(make_course: Make) -> None:
    tried = trials(make_course)

    verdicts = [tried.mutated(mutant) for mutant in tried.mutants]

    assert {verdict.subject for verdict in verdicts} == {"FACTOR", "helper", "double"}
    survivors = {verdict.name: verdict.reason for verdict in verdicts if not verdict.caught}
    assert survivors == {"X + 0 → X - 0": "nothing is added", "X + 0 → X": "", "helper(X) → X": ""}
    assert all(verdict.said[0].item == "double-values" for verdict in verdicts)


def test_the_examples_of_the_book_are_asked_about_what_they_show(make_course: Make) -> None:
    tried = trials(make_course)

    by_name = {verdict.name: verdict.book for verdict in map(tried.mutated, tried.mutants)}

    assert by_name["helper(X) * FACTOR → helper(X) / FACTOR"] is True
    assert by_name["FACTOR = 2 → FACTOR = 3"] is None  # the book shows nothing about FACTOR


def test_a_mutant_that_cannot_be_loaded_is_caught(make_course: Make) -> None:
    tried = trials(make_course, solutions=PARTS["solutions"].replace("FACTOR = 2", "FACTOR = (1, 2)[1]"))

    (broken,) = [verdict for verdict in map(tried.mutated, tried.mutants) if verdict.name.endswith("(1, 2)[2]")]

    assert broken.caught
    assert broken.said[0].message == "It raises IndexError when it is defined."


def test_answers_that_compute_nothing_are_refused(make_course: Make) -> None:
    tried = trials(make_course)

    refused = {verdict.name: verdict.caught for verdict in tried.made_up(tried.items[0])}

    assert refused == dict.fromkeys(("zeros", "ones", "the input", "its mean", "NaN", "answers by shape"), True)


def test_a_generator_that_always_draws_the_same_lets_answers_by_shape_through(make_course: Make) -> None:
    tried = trials(make_course, "torch.zeros(3)")

    caught = {verdict.name: verdict.caught for verdict in tried.made_up(tried.items[0])}

    assert caught == {
        "zeros": False,
        "ones": True,
        "the input": False,
        "its mean": False,
        "NaN": True,
        "answers by shape": False,
    }
