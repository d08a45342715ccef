"""Banned calls are looked for while a case runs and in the source; what they cost is the rubric's to say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.answer_key import AnswerKey
from grader.checks.banned import ban
from grader.checks.returns_close import returns_close
from grader.errors import RubricError
from grader.judging import AtVersion
from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.submitted import SubmittedSession
from grader.kernel.template import Sandboxes
from grader.notebook import Cell, Notebook, calls
from grader.probes import Observation, Probe, Raised, Returned, TimedOut, Version
from grader.records import Finding, Limits, Outcome
from tests.fakes import FakeReference, FakeSession, item

ROOT = Path(__file__).parents[2]
ITEM = item("returns_close", "f")
CONV2D = {"name": "torch.nn.functional.conv2d", "text": "return F.conv2d(X)", "cell": 4, "line": 2, "notebook": "a"}
HARMLESS = {**CONV2D, "name": "torch.nn.functional.unfold"}


def ran(*names: str, value: float = 1.0) -> Returned:
    return Returned({"names": ["mul", *names], "value": value})


def check(
    *watched: Observation, source: Sequence[Any] | None = None, on_banned: str = "zero"
) -> tuple[Finding, FakeSession]:
    """What is found about a function that is right in three cases, given what is seen each time it is watched."""
    table: Mapping[tuple[str, str], Any] = {
        ("call", "f"): Returned(1.0),
        ("operators", "f"): list(watched),
        **({} if source is None else {("calls", "f"): Returned(list(source))}),
    }
    student, reference = FakeSession(table), FakeReference({("call", "f"): Returned(1.0)})
    options: dict[str, Any] = {"banned": ["convolution"], "on_banned": on_banned}
    return returns_close(student, reference, ITEM, inputs="numbers", cases=3, **options), student


def watched_cases(student: FakeSession) -> list[int]:
    return [probe.args[0] for probe in student.asked if probe.question == "operators"]


# ---- what runs -------------------------------------------------------------------------------------------------------


def test_what_runs_costs_the_item_and_staff_see_where_it_stands() -> None:
    finding, _ = check(ran("convolution"), source=[HARMLESS, CONV2D])

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message == (
        "The values are right, but `f` computes them with convolution (cell 4); 7.2 asks to write it by hand."
    )
    assert finding.evidence == {"banned": ["convolution"], "level": "run", "calls": [CONV2D]}


def test_what_runs_is_found_without_a_source() -> None:
    finding, _ = check(ran("convolution"))

    assert finding.message == (
        "The values are right, but `f` computes them with convolution; 7.2 asks to write it by hand."
    )
    assert finding.evidence == {"banned": ["convolution"], "level": "run"}


def test_what_runs_is_only_flagged_where_the_rubric_says_so() -> None:
    finding, _ = check(ran("convolution"), source=[CONV2D], on_banned="flag")

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message == "3 of 3 cases agree with the reference."
    assert finding.hint == "`f` computes the values with convolution (cell 4); a person decides whether that counts."
    assert finding.evidence["level"] == "run"


def test_a_flag_does_not_excuse_other_values_while_watched() -> None:
    finding, _ = check(ran(value=2.0), on_banned="flag")

    assert (finding.outcome, finding.message) == (
        Outcome.FAILED,
        "`f` gives other values when the operators it uses are watched.",
    )


# ---- what only stands in the source ----------------------------------------------------------------------------------


def test_what_only_stands_in_the_source_never_costs_and_is_flagged() -> None:
    finding, student = check(ran(), source=[HARMLESS, CONV2D])

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert (
        finding.hint
        == "`f` names convolution in cell 4, but was not seen to run it; a person decides whether that counts."
    )
    assert finding.evidence == {"banned": ["convolution"], "level": "source", "calls": [CONV2D]}
    assert watched_cases(student) == [2, 0, 1]


def test_what_another_case_runs_costs_the_item() -> None:
    finding, student = check(ran(), ran("convolution"), source=[CONV2D])

    assert (finding.outcome, finding.evidence["level"]) == (Outcome.FAILED, "run")
    assert watched_cases(student) == [2, 0]


def test_one_case_is_watched_where_the_source_names_nothing_banned() -> None:
    finding, student = check(ran(), source=[HARMLESS])

    assert (finding.outcome, finding.hint, finding.evidence) == (Outcome.PASSED, "", {})
    assert watched_cases(student) == [2]


def test_several_cells_are_told_in_order() -> None:
    rows = [{**CONV2D, "cell": cell} for cell in (9, 4, 4, 12)]

    finding, _ = check(ran(), source=rows)

    assert "in cells 4, 9 and 12, but" in finding.hint


def test_only_our_own_words_and_the_cell_are_shown_to_the_student() -> None:
    row = {**CONV2D, "name": "torch.my.conv2d_of_hidden_7", "text": "my secret 7"}

    for finding in (check(ran(), source=[row])[0], check(ran("convolution_hidden_7"), source=[row])[0]):
        assert "hidden" not in finding.message + finding.hint
        assert "secret" not in finding.message + finding.hint


def test_evidence_is_json_and_of_limited_size() -> None:
    finding, _ = check(ran(), source=[{**CONV2D, "line": line} for line in range(1000)])

    assert len(finding.evidence["calls"]) == 10
    assert json.loads(json.dumps(finding.evidence)) == finding.evidence


@pytest.mark.parametrize("rows", [[None], [[]], ["conv2d"], [{"name": 3}], [{**CONV2D, "cell": "4"}]], ids=repr)
def test_a_source_of_no_known_form_is_no_source(rows: list[Any]) -> None:
    finding, student = check(ran(), source=rows)

    assert finding.evidence == {}
    assert watched_cases(student) == [2]


@pytest.mark.parametrize("observation", [TimedOut(10.0), Raised("RuntimeError")], ids=repr)
def test_a_case_that_cannot_be_watched_goes_to_staff(observation: Observation) -> None:
    finding, _ = check(ran(), observation, source=[CONV2D])

    assert (finding.outcome, finding.credit) == (Outcome.BROKEN, 0.0)
    assert finding.message.startswith("The values are right, but which operators compute them could not be seen:")


def test_source_is_read_only_where_something_is_banned_and_the_values_are_right() -> None:
    student = FakeSession({("call", "f"): Returned(2.0)})
    reference = FakeReference({("call", "f"): Returned(1.0)})

    returns_close(student, reference, ITEM, inputs="numbers", cases=1, banned=["convolution"])
    right = FakeSession({("call", "f"): Returned(1.0)})
    returns_close(right, reference, ITEM, inputs="numbers", cases=1)

    assert {probe.question for probe in student.asked + right.asked} == {"call"}


# ---- what is banned --------------------------------------------------------------------------------------------------

BANNED = {
    "convolution": """
        torch.nn.functional.conv2d torch.nn.functional.conv_transpose1d torch.conv3d torch.nn.Conv2d torch.nn.LazyConv2d
        torch.nn.ConvTranspose2d torch.nn.LazyConvTranspose3d torch.nn.modules.conv.Conv2d torch.convolution
        torch.ops.aten.convolution torch.ops.aten.convolution.default torch.ops.aten._slow_conv2d_forward
        torch.nn.grad.conv2d_input jax.lax.conv_general_dilated tensorflow.nn.conv2d keras.layers.Conv2D
        scipy.signal.correlate2d scipy.signal.fftconvolve scipy.ndimage.correlate numpy.convolve numpy.correlate
        numpy._core.numeric.correlate numpy._core._multiarray_umath.correlate2 cv2.filter2D
        convolution conv2d _convolution mkldnn_convolution cudnn_convolution thnn_conv2d conv_tbc
        scipy.signal._signaltools.convolve2d
    """,
    "book": """
        d2l.torch.corr2d d2l.corr2d d2l.torch.LeNet d2l.torch.Residual d2l._networks.corr2d d2l._models.forward
    """,
    "pooling": """
        torch.nn.functional.max_pool2d torch.nn.functional.avg_pool2d torch.nn.MaxPool2d torch.nn.AvgPool1d
        torch.nn.AdaptiveAvgPool2d torch.nn.functional.adaptive_max_pool2d torch.nn.LPPool2d
        torch.nn.FractionalMaxPool2d torch.ops.aten.max_pool2d_with_indices max_pool2d_with_indices avg_pool2d
        _adaptive_avg_pool2d mkldnn_max_pool2d scipy.ndimage.maximum_filter skimage.measure.block_reduce cv2.blur
    """,
}
ALLOWED = {
    "convolution": """
        torch.nn.functional.unfold torch.nn.Unfold torch.einsum torch.as_strided torch.matmul torch.fft.rfft2
        torch.tensordot torch.nn.utils.convert_parameters torch.nn.functional.max_pool2d numpy.einsum
        numpy.lib.stride_tricks.sliding_window_view scipy.fft.fft2 d2l.torch.corr2d my_layers.conv2d
        mul im2col _fft_r2c scatter_add unfold as_strided scipy.signals.convolve numpy.correlated
    """,
    "book": """
        d2l.torch.zeros d2l.torch.reduce_sum d2l.torch.plot d2l.torch.Module d2l.torch.add_to_class d2l._tensors.call
        torch.nn.functional.conv2d convolution
    """,
    "pooling": """
        torch.amax torch.mean torch.max torch.nn.functional.unfold torch.nn.functional.max_unpool2d torch.maximum
        torch.nn.functional.conv2d scipy.stats.rankdata amax mean max max_unpool2d torch.multiprocessing.Pool
    """,
}


@pytest.mark.parametrize(("family", "name"), [(family, name) for family in BANNED for name in BANNED[family].split()])
def test_what_a_family_bans(family: str, name: str) -> None:
    assert ban(ITEM, [family], "zero").used([name])


@pytest.mark.parametrize(("family", "name"), [(family, name) for family in ALLOWED for name in ALLOWED[family].split()])
def test_what_a_family_allows(family: str, name: str) -> None:
    assert not ban(ITEM, [family], "zero").used([name])


def test_a_consequence_that_nobody_knows_is_a_mistake_in_the_rubric() -> None:
    with pytest.raises(RubricError, match="the-item: on_banned: 'warn' is none of zero, flag"):
        returns_close(FakeSession(), FakeReference(), ITEM, inputs="numbers", on_banned="warn")


# ---- a real notebook -------------------------------------------------------------------------------------------------

LOOPS = """    Y = torch.zeros(X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + K.shape[0], j:j + K.shape[1]] * K).sum()
    return Y
"""
BY_ALIAS = "slide = F.conv2d\ndef corr2d(X, K):\n    return slide(X[None, None], K[None, None])[0, 0]"
BY_GETATTR = (
    "def corr2d(X, K):\n    name = 'con' + 'v2d'\n    return getattr(F, name)(X[None, None], K[None, None])[0, 0]"
)
BY_EXEC = "exec('def corr2d(X, K): return F.conv2d(X[None, None], K[None, None])[0, 0]')"
NEVER_RUN = f"def corr2d(X, K):\n    if X.dim() == 4:\n        return F.conv2d(X, K)\n{LOOPS}"
SOMETIMES = (
    f"def corr2d(X, K):\n    if X.numel() == 9:\n        return F.conv2d(X[None, None], K[None, None])[0, 0]\n{LOOPS}"
)
CELLS = (
    "import torch\nfrom torch.nn import functional as F",
    *(BY_ALIAS, BY_GETATTR, BY_EXEC, NEVER_RUN, SOMETIMES),
)
CORR2D = item("returns_close", "corr2d", id="corr2d-values")


@pytest.fixture(scope="module")
def submitted() -> Iterator[SubmittedSession]:
    """A notebook that defines corr2d in five ways, the first one in cell 2."""
    source = Notebook("hw.ipynb", tuple(Cell(number, "code", text) for number, text in enumerate(CELLS, 1)))
    limits = Limits(cell_s=20, probe_s=10, total_s=120)
    script = Script(source.name, [(cell.number, cell.source) for cell in source.cells], ["corr2d"])

    def read(version: Version, name: str, without: Any) -> Sequence[Any]:
        return calls(source, version.cell, name, without=without)

    with (
        Sandboxes(Confinement("none", None, limits=limits), warm=False) as sandboxes,
        KernelSession(script, sandboxes.open, limits) as session,
    ):
        yield SubmittedSession([session], lambda section: "", read)


def judged(submitted: SubmittedSession, cell: int) -> Finding:
    """What is found about the version of a cell; the first case is a 3 by 3 image, the last one is larger."""
    (number,) = [n for n, version in enumerate(submitted.versions("corr2d")) if version.cell == cell]
    session = AtVersion(submitted, "corr2d", number)
    key = AnswerKey(ROOT, "hw2_cnn")
    return returns_close(session, key, CORR2D, inputs="corr2d_inputs", cases=3, banned=["convolution", "book"])


@pytest.mark.parametrize(("cell", "line"), [(2, 3), (3, 3), (4, 1)], ids=["alias", "getattr", "exec"])
def test_a_notebook_is_seen_through_at_both_levels(submitted: SubmittedSession, cell: int, line: int) -> None:
    finding = judged(submitted, cell)

    assert (finding.outcome, finding.evidence["banned"], finding.evidence["level"]) == (
        Outcome.FAILED,
        ["convolution"],
        "run",
    )
    (call,) = finding.evidence["calls"]
    assert (call["name"], call["cell"], call["line"]) == ("torch.nn.functional.conv2d", cell, line)
    assert f"(cell {cell})" in finding.message


def test_a_branch_that_no_case_takes_is_flagged(submitted: SubmittedSession) -> None:
    finding = judged(submitted, 5)

    assert (finding.outcome, finding.credit, finding.evidence["level"]) == (Outcome.PASSED, 1.0, "source")
    assert finding.evidence["calls"][0]["text"] == "return F.conv2d(X, K)"


def test_a_branch_that_another_case_takes_costs_the_item(submitted: SubmittedSession) -> None:
    finding = judged(submitted, 6)

    assert (finding.outcome, finding.evidence["level"]) == (Outcome.FAILED, "run")


def test_without_a_reader_of_sources_the_source_is_missing(submitted: SubmittedSession) -> None:
    bare = SubmittedSession(submitted._sessions, lambda section: "")

    (known,) = submitted.ask([Probe("calls", "corr2d")])
    (unknown,) = bare.ask([Probe("calls", "corr2d")])

    assert isinstance(known, Returned)
    assert not isinstance(unknown, Returned)


def test_a_helper_that_stands_in_is_not_the_students(submitted: SubmittedSession) -> None:
    session = AtVersion(submitted, "corr2d", 0, (("slide", "def slide(X, K): ..."),))

    (observation,) = session.ask([Probe("calls", "corr2d")])

    assert observation == Returned([])


# ---- softmax and cross-entropy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "name", "is_banned"),
    [
        ("softmax", "_softmax", True),
        ("softmax", "_log_softmax", True),
        ("softmax", "torch.nn.functional.softmax", True),
        ("softmax", "torch.softmax", True),
        ("softmax", "torch.Tensor.log_softmax", True),
        ("softmax", "torch.nn.Softmax", True),
        ("softmax", "torch.nn.LogSoftmax", True),
        ("softmax", "torch.nn.functional.softmin", True),
        ("softmax", "scipy.special.log_softmax", True),
        ("softmax", "torch.logsumexp", False),
        ("softmax", "torch.exp", False),
        ("softmax", "amax", False),
        ("softmax", "softplus", False),
        ("cross_entropy", "nll_loss_forward", True),
        ("cross_entropy", "torch.nn.functional.cross_entropy", True),
        ("cross_entropy", "torch.nn.CrossEntropyLoss", True),
        ("cross_entropy", "torch.nn.NLLLoss", True),
        ("cross_entropy", "binary_cross_entropy", True),
        ("cross_entropy", "torch.log", False),
        ("cross_entropy", "gather", False),
    ],
)
def test_what_4_4_asks_to_write_by_hand_is_banned_and_its_pieces_are_not(
    family: str, name: str, is_banned: bool
) -> None:
    assert bool(ban(ITEM, [family], "zero").used([name])) == is_banned
