"""A function returns what the reference returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from grader.answer_key import AnswerKey
from grader.checks.returns_close import returns_close
from grader.errors import AnswerKeyError, RubricError
from grader.probes import Died, Missing, Observation, Opaque, Probe, Raised, Returned, TimedOut
from grader.records import Finding, Outcome
from reference.hw2_cnn import misconceived_functions, solutions
from tests.fakes import FakeReference, FakeSession, calling, defining, item

ROOT = Path(__file__).parents[2]
ITEM = item("returns_close", "f")
CORR2D = item("returns_close", "corr2d", id="corr2d-values")


def check(answer: Callable[[Probe], Observation], *, cases: int = 3) -> Finding:
    """What is found about a function that should double its argument."""
    reference = FakeReference(
        calling(lambda n: torch.full((2,), 2.0 * n)),
        misconceptions={
            "It is added, not doubled.": calling(lambda n: torch.full((2,), 2.0 + n)),
            "It stops at the second.": calling(lambda n: 1 / 0 if n else torch.zeros(2)),
        },
    )
    return returns_close(FakeSession(answer), reference, ITEM, inputs="numbers", cases=cases)


def corr2d(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Compute it in a style of its own."""
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


def check_corr2d(target: object, *, banned: tuple[str, ...] = ("convolution", "book"), **options: Any) -> Finding:
    key = AnswerKey(ROOT, "hw2_cnn")
    session = FakeSession(defining(target))
    return returns_close(session, key, CORR2D, inputs="corr2d_inputs", cases=20, banned=banned, **options)


def test_a_function_that_is_right_in_every_case_passes() -> None:
    finding = check(calling(lambda n: torch.full((2,), 2.0 * n)))

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message == "3 of 3 cases agree with the reference."


def test_a_function_with_another_signature_is_told_so() -> None:
    finding = check_corr2d(lambda *, X, K: corr2d(X, K))

    assert finding.message.endswith(
        "`corr2d` raised TypeError before its first line ran: "
        "does it take the arguments that are asked for, in this order and under these names?"
    )


def spoils_the_image(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    Y = corr2d(X, K)
    X *= 0
    return Y


def spoils_the_kernel(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    return corr2d(X, K.neg_().clone()).neg()


@pytest.mark.parametrize("target", [spoils_the_image, spoils_the_kernel])
def test_where_arguments_are_to_be_kept_a_function_that_changes_one_fails(target: Callable[..., torch.Tensor]) -> None:
    finding = check_corr2d(target, keeps_arguments=True)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert "`corr2d` changes the tensor that it is given." in finding.message
    assert check_corr2d(target).outcome is Outcome.PASSED  # elsewhere its values are what counts


def gives_the_image_another_shape(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    return corr2d(X.unsqueeze_(0)[0], K)


def writes_into_a_copy(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    X, K = X.clone(), K.float()
    Y = corr2d(X, K)
    X += 1
    return Y


@pytest.mark.parametrize("target", [gives_the_image_another_shape, writes_into_a_copy])
def test_arguments_that_keep_their_values_are_not_changed(target: Callable[..., torch.Tensor]) -> None:
    assert check_corr2d(target, keeps_arguments=True).outcome is Outcome.PASSED


def test_a_call_that_fails_when_it_is_repeated_is_held_against_nobody() -> None:
    calls = iter(range(100))

    def once_too_often(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
        if next(calls) == 20:
            raise RuntimeError
        return corr2d(X, K)

    assert check_corr2d(once_too_often, keeps_arguments=True).outcome is Outcome.PASSED


def test_the_cases_of_the_generator_are_asked_under_their_seeds() -> None:
    student = FakeSession(lambda probe: Returned(0))
    reference = FakeReference(
        lambda probe: Returned(0), case=lambda name, seed, number: ((name, number), {"seed": seed}, None)
    )

    returns_close(student, reference, ITEM, inputs="numbers", cases=2)

    assert student.asked[:2] == [
        Probe("call", "f", ("numbers", 0), {"seed": 1000}, 1000),
        Probe("call", "f", ("numbers", 1), {"seed": 1001}, 1001),
    ]


def test_a_wrong_value_is_counted_and_the_first_is_described_with_both_numbers() -> None:
    finding = check(calling(lambda n: torch.full((2,), 2.0 * n + (0.5 if n == 1 else 0))))

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message.startswith(
        "1 of 3 cases are wrong. The first: 2 of 2 elements differ; the greatest difference is 0.5 at index (0,);"
    )
    assert finding.mismatch is not None
    assert finding.mismatch.greatest == 0.5


def test_a_wrong_shape_is_described_with_both_shapes() -> None:
    finding = check(calling(lambda n: torch.full((2, 1), 2.0 * n)))

    assert finding.message == (
        "Your output has one axis of size 1 too many; its values are right. "
        "3 of 3 cases are wrong. The first: Expected shape (2,), got (2, 1)."
    )


def test_a_single_case_is_not_counted() -> None:
    assert check(calling(lambda n: torch.zeros(3)), cases=1).message == "Expected shape (2,), got (3,)."


def test_a_known_mistake_is_named_first() -> None:
    finding = check(calling(lambda n: torch.full((2,), 2.0 + n)))

    assert finding.message.startswith("It is added, not doubled. 2 of 3 cases are wrong. The first: 2 of 2 elements")


def test_a_known_mistake_that_raises_is_named_too() -> None:
    finding = check(calling(lambda n: 1 / 0 if n else torch.zeros(2)))

    assert finding.message == "It stops at the second. 2 of 3 cases are wrong. `f` raised ZeroDivisionError."


def test_a_mistake_of_another_kind_is_not_named() -> None:
    message = check(calling(lambda n: torch.full((2,), 3.0 + n))).message

    assert "added" not in message
    assert "stops" not in message


@pytest.mark.parametrize(
    ("observation", "message"),
    [
        (Raised("IndexError", "return x[5]"), "3 of 3 cases are wrong. `f` raised IndexError at `return x[5]`."),
        (Raised("RuntimeError", message="the answer is 5"), "3 of 3 cases are wrong. `f` raised RuntimeError."),
        (Raised("NotImplementedError"), "`f` is still the stub: it raises NotImplementedError."),
        (TimedOut(10.0), "`f` gave no answer in 10 s."),
        (Missing("f"), "`f` is not defined."),
        (Missing("f", "cell 3 does not run: SyntaxError"), "`f` is not defined: cell 3 does not run: SyntaxError."),
        (Died("killed by SIGKILL"), "`f` ended the kernel: killed by SIGKILL."),
        (
            Returned(None),
            "Your function gives None: is a `return` missing? 3 of 3 cases are wrong.",
        ),
        (
            Returned(Opaque("Verdict")),
            "3 of 3 cases are wrong. The first: Expected a tensor of shape (2,), got an object of another type.",
        ),
        (
            Returned(Opaque("Sequential")),
            "3 of 3 cases are wrong. The first: Expected a tensor of shape (2,), got an object of type Sequential.",
        ),
    ],
    ids=lambda each: type(each).__name__ if not isinstance(each, str) else "",
)
def test_what_happened_instead_is_said_in_a_sentence(observation: Observation, message: str) -> None:
    finding = check(lambda probe: observation)

    assert (finding.outcome, finding.message) == (Outcome.FAILED, message)


@pytest.mark.parametrize(
    "observation", [TimedOut(10.0), Died("gone"), Missing("f")], ids=lambda each: type(each).__name__
)
def test_after_a_hang_nothing_more_is_asked(observation: Observation) -> None:
    student = FakeSession({("call", "f"): [Returned(torch.zeros(2)), observation, Returned(torch.zeros(2))]})
    reference = FakeReference({("call", "f"): Returned(torch.zeros(2))})

    finding = returns_close(student, reference, ITEM, inputs="numbers", cases=10)

    assert finding.outcome is Outcome.FAILED
    assert len(student.asked) == 2


def test_a_session_that_falls_silent_never_passes() -> None:
    class Silent(FakeSession):
        def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
            yield from super().ask(probes[:1])

    with pytest.raises(ValueError, match="shorter"):
        returns_close(
            Silent(calling(lambda n: n)), FakeReference(calling(lambda n: n)), ITEM, inputs="numbers", cases=3
        )


def test_a_reference_without_an_answer_is_not_held_against_the_student() -> None:
    with pytest.raises(AnswerKeyError, match="does not answer call of f"):
        returns_close(FakeSession(calling(lambda n: n)), FakeReference(), ITEM, inputs="numbers", cases=3)


# ---- a share of the points -------------------------------------------------------------------------------------------


def shaped(answer: Callable[[Probe], Observation], credit: object = None) -> Finding:
    """What is found about a function that should give 1 and 1, where the right shape earns something."""
    reference = FakeReference(calling(lambda n: torch.ones(2)))
    given = {"shape": 0.25} if credit is None else credit
    return returns_close(FakeSession(answer), reference, ITEM, inputs="numbers", cases=3, credit=given)  # type: ignore[arg-type]  # as a rubric gives it


def test_the_right_shape_earns_its_share() -> None:
    finding = shaped(calling(lambda n: torch.tensor([1.0, n])))

    assert (finding.outcome, finding.credit) == (Outcome.PARTIAL, 0.25)
    assert finding.message.startswith("2 of 3 cases are wrong. The first: ")
    assert finding.message.endswith(" All outputs have the right shape, which earns 25 % of the points.")


def test_a_function_that_is_right_earns_everything_where_shares_are() -> None:
    assert shaped(calling(lambda n: torch.ones(2))).credit == 1.0


@pytest.mark.parametrize(
    "answer",
    [
        calling(lambda n: torch.zeros(3 if n == 2 else 2)),
        calling(lambda n: torch.full((2,), float("nan") if n == 2 else 0.0)),
        calling(lambda n: [0.0, 0.0]),
        calling(lambda n: 1 / (n - 2) * torch.zeros(2)),
        lambda probe: TimedOut(10.0),
    ],
    ids=["another-shape", "nan", "list", "raised", "timed-out"],
)
def test_one_answer_of_another_kind_earns_nothing(answer: Callable[[Probe], Observation]) -> None:
    finding = shaped(answer)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert "earns" not in finding.message


def test_the_right_shape_by_banned_means_earns_nothing() -> None:
    def with_credit(target: object) -> Finding:
        options = {"banned": ("convolution",), "credit": {"shape": 0.25}}
        session, key = FakeSession(defining(target)), AnswerKey(ROOT, "hw2_cnn")
        return returns_close(session, key, CORR2D, inputs="corr2d_inputs", cases=4, **options)  # type: ignore[arg-type]  # as a rubric gives them

    assert with_credit(lambda X, K: corr2d(X, K) + X.mean()).credit == 0.25
    assert with_credit(lambda X, K: F.conv2d(X[None, None], K[None, None])[0, 0] + X.mean()).credit == 0.0


def test_without_the_option_it_is_all_or_nothing() -> None:
    assert check(calling(lambda n: torch.full((2,), 3.0 + n))).credit == 0.0


@pytest.mark.parametrize("credit", [{"forward": 0.5}, {"shape": 1}, {"shape": True}, {"shape": "half"}, 0.5], ids=repr)
def test_a_share_that_is_none_is_a_mistake_in_the_rubric(credit: object) -> None:
    with pytest.raises(RubricError, match=r"^rubric.yaml: the-item: credit: "):
        shaped(calling(lambda n: torch.ones(2)), credit)


# ---- against the real reference --------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [corr2d, solutions.corr2d], ids=["loops", "reference"])
def test_a_right_function_in_any_style_passes(target: object) -> None:
    assert check_corr2d(target).outcome is Outcome.PASSED


def test_a_right_function_that_uses_the_library_is_told_so() -> None:
    finding = check_corr2d(lambda X, K: F.conv2d(X[None, None], K[None, None])[0, 0])

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message == (
        "The values are right, but `corr2d` computes them with convolution; 7.2 asks to write it by hand."
    )
    assert finding.evidence["banned"] == ["convolution"]


def test_nothing_is_banned_where_the_rubric_bans_nothing() -> None:
    finding = check_corr2d(lambda X, K: F.conv2d(X[None, None], K[None, None])[0, 0], banned=())

    assert finding.outcome is Outcome.PASSED


def watched(observation: Observation) -> Finding:
    """What is found about a function that gives 1, and this answer when its operators are watched."""
    student = FakeSession({("call", "f"): Returned(1.0), ("operators", "f"): observation})
    reference = FakeReference({("call", "f"): Returned(1.0)})
    return returns_close(student, reference, ITEM, inputs="numbers", cases=2, banned=["convolution"])


def test_a_function_that_is_right_while_it_is_watched_passes() -> None:
    assert watched(Returned({"names": ["mul", "d2l.torch.corr2d"], "value": 1.0})).outcome is Outcome.PASSED


@pytest.mark.parametrize("name", ["convolution", "conv2d", "_convolution_mode", "scipy.signal._signaltools.convolve2d"])
def test_every_way_to_a_library_convolution_is_banned(name: str) -> None:
    assert watched(Returned({"names": ["mul", name], "value": 1.0})).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "observation",
    [Returned({"names": ["mul"], "value": 2.0}), Returned(["mul"]), Returned({"names": None, "value": 1.0})],
    ids=repr,
)
def test_a_function_that_behaves_differently_while_it_is_watched_is_found_out(observation: Observation) -> None:
    finding = watched(observation)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message == "`f` gives other values when the operators it uses are watched."


@pytest.mark.parametrize("observation", [TimedOut(10.0), Raised("RuntimeError"), Died("gone")], ids=repr)
def test_a_function_that_cannot_be_watched_goes_to_staff(observation: Observation) -> None:
    finding = watched(observation)

    assert (finding.outcome, finding.credit) == (Outcome.BROKEN, 0.0)
    assert finding.message.startswith("The values are right, but which operators compute them could not be seen:")


def test_values_come_before_means() -> None:
    finding = check_corr2d(lambda X, K: F.conv2d(X[None, None], K[None, None].flip(2, 3))[0, 0])

    assert finding.message.startswith("This is convolution: the kernel is flipped.")


def test_a_family_that_nobody_knows_is_a_mistake_in_the_rubric() -> None:
    with pytest.raises(
        RubricError,
        match=r"the-item: banned: 'convolutions' is none of book, convolution, cross_entropy, pooling, softmax",
    ):
        returns_close(FakeSession(), FakeReference(), ITEM, inputs="numbers", banned=["convolutions"])


@pytest.mark.parametrize(
    "mistaken",
    [misconceived_functions.corr2d_flipped, misconceived_functions.corr2d_mean],
    ids=lambda each: each.__name__,
)
def test_a_misconception_of_the_reference_is_named(mistaken: Callable[..., object]) -> None:
    finding = check_corr2d(mistaken)

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith(" ".join((mistaken.__doc__ or "").split()))
