"""On a graphics card: it is reached from inside, gives the CPU's verdicts, and a submission's failures there are its own."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from grader import checks, datasets, rubric
from grader.answer_key import AnswerKey
from grader.errors import DataMissing
from grader.kernel.cells import Script
from grader.kernel.inside import images
from grader.kernel.inside.pixels import resident
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.pipeline import Course, grade
from grader.probes import Observation, Probe, Raised, Returned
from grader.records import Finding, Outcome, Profile, SourceFile, Student, Submission
from tests.gpu.conftest import LIMITS
from tests.kernel.test_d2l import FITS, import_ours, run

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(280)]

ROOT = Path(__file__).parents[2]
ADA = ROOT / "examples/submissions/ada.ipynb"


@pytest.fixture(autouse=True)
def _needs_data(request: pytest.FixtureRequest) -> None:
    try:
        datasets.folder("fashion_mnist")
    except DataMissing as error:
        pytest.skip(str(error))


def asked(sandboxes: Sandboxes, source: str, *probes: Probe) -> Sequence[Observation]:
    """The answers of a notebook of one cell."""
    targets = sorted({probe.target.partition("@")[0] for probe in probes})
    script = Script("hw.ipynb", [(1, source)], targets)
    with KernelSession(script, sandboxes.open, LIMITS) as session:
        return list(session.ask(probes))


LOOKS = """
import torch
def looks(X):
    Y = X.cuda() * 2
    return [Y.device.type, Y.cpu(), torch.cuda.device_count(), (X.to('cuda') @ X.t().cuda()).cpu()]
"""


def test_a_session_computes_on_the_card_that_is_started_after_the_fork(on_the_card: Sandboxes) -> None:
    X = torch.arange(6.0).reshape(2, 3)

    (answer,) = asked(on_the_card, LOOKS, Probe("call", "looks@0", (X,)))

    assert isinstance(answer, Returned), answer
    assert isinstance(answer.value, list)
    kind, doubled, cards, product = answer.value
    assert (kind, cards) == ("cuda", 1)
    assert torch.equal(doubled, 2 * X)
    torch.testing.assert_close(product, X @ X.t())


def test_sessions_follow_each_other_on_the_card(on_the_card: Sandboxes) -> None:
    for _ in range(3):
        (answer,) = asked(on_the_card, LOOKS, Probe("call", "looks@0", (torch.ones(2, 2),)))
        assert isinstance(answer, Returned), answer


def test_a_session_without_the_card_computes_on_the_cpu(beside_the_card: Sandboxes) -> None:
    source = "import torch\ndef where(X):\n    Y = X.cuda()\n    return [str(Y.device), torch.cuda.is_available(), Y]"

    (answer,) = asked(beside_the_card, source, Probe("call", "where@0", (torch.ones(2),)))

    assert isinstance(answer, Returned), answer
    assert isinstance(answer.value, list)
    assert answer.value[:2] == ["cpu", False]


ASSERTS = """
import torch
def assertion(X):
    torch.zeros(3, device='cuda')[X.cuda()]
    torch.cuda.synchronize()
def add(X):
    return (X.cuda() + 1).cpu()
"""


def test_an_assertion_on_the_card_costs_that_question_alone(on_the_card: Sandboxes) -> None:
    ones = torch.ones(2)
    before, failed, after = asked(
        on_the_card,
        ASSERTS,
        Probe("call", "add@0", (ones,)),
        Probe("call", "assertion@0", (torch.tensor([7]),)),
        Probe("call", "add@0", (ones,)),
    )
    (other,) = asked(on_the_card, ASSERTS, Probe("call", "add@0", (ones,)))

    assert isinstance(failed, Raised) and failed.type == "AcceleratorError"
    for answer in (before, after, other):
        assert isinstance(answer, Returned), answer
        assert torch.equal(answer.value, torch.full((2,), 2.0))


def course(beside: Sandboxes, card: Sandboxes, device: str) -> Course:
    """What grades on a device; as in a run, only training has the card."""
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    key = AnswerKey(ROOT, assignment.reference, secret=b"gpu")
    return Course(assignment, key, beside, device, Profile.QUICK, lambda: contextlib.nullcontext(card))


def submission(name: str, content: bytes) -> Submission:
    return Submission(Student(name), f"{name}.ipynb", (SourceFile(f"{name}.ipynb", content),))


WANTED = ("lenet-accuracy", "corr2d-values", "vgg-block")


@pytest.fixture(scope="module")
def on_the_cpu(beside_the_card: Sandboxes) -> dict[str, Finding]:
    """What the CPU finds, once for every kind of sandbox."""
    graded = grade(submission("ada", ADA.read_bytes()), course(beside_the_card, beside_the_card, "cpu"), WANTED)
    return {score.item.id: score.finding for score in graded.scores}


def test_training_on_the_card_gives_the_verdicts_of_the_cpu(
    on_the_card: Sandboxes, beside_the_card: Sandboxes, on_the_cpu: dict[str, Finding]
) -> None:
    graded = grade(submission("ada", ADA.read_bytes()), course(beside_the_card, on_the_card, "cuda"), WANTED)

    findings = {score.item.id: score.finding for score in graded.scores}
    assert {name: each.outcome for name, each in findings.items()} == {
        name: each.outcome for name, each in on_the_cpu.items()
    }
    learned, there = findings["lenet-accuracy"], on_the_cpu["lenet-accuracy"]
    assert learned.outcome is Outcome.PASSED, learned.message
    assert learned.evidence["device"] == "cuda"
    assert learned.evidence["accuracy"] == pytest.approx(there.evidence["accuracy"], abs=0.08)


TOO_LARGE = """{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source":
"import torch\\nfrom torch import nn\\nfrom d2l import torch as d2l\\nclass LeNet(d2l.Classifier):\\n    def __init__(self, lr=0.1, num_classes=10):\\n        super().__init__()\\n        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_classes))\\n    def forward(self, X):\\n        if X.is_cuda:\\n            torch.empty(1 << 45, dtype=torch.uint8, device=X.device)\\n        return self.net(X)"
}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"""


PASSED = {"lenet-shapes": Finding(Outcome.PASSED, 1.0, "")}


def test_memory_that_runs_out_on_the_card_is_broken_and_no_zero(
    on_the_card: Sandboxes, beside_the_card: Sandboxes
) -> None:
    graded = grade(
        submission("large", TOO_LARGE.encode()),
        course(beside_the_card, on_the_card, "cuda"),
        ("lenet-accuracy",),
        PASSED,
    )

    (score,) = graded.scores
    assert score.finding.outcome is Outcome.BROKEN, score.finding.message
    assert score.possible == 0


def test_images_on_the_card_are_those_on_the_cpu() -> None:
    images.configure(str(datasets.training_folder()))
    rows = torch.arange(0, 50_000, 997)
    for size in (28, 96, 224):
        here, there = (resident("fashion_mnist", "train", size, torch.device(kind)) for kind in ("cpu", "cuda"))
        for mine, other in zip(here.batch(rows), there.batch(rows), strict=True):
            torch.testing.assert_close(other.cpu(), mine, rtol=0, atol=1e-7)
    images.configure(None)


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_d2ls_trainer_trains_on_the_card_as_on_the_cpu() -> None:
    images.configure(str(datasets.training_folder()), train=2_000, val=500, max_steps=None)
    torch.backends.cudnn.allow_tf32 = False
    ours = import_ours()
    cells = FITS["LeNet"].replace("num_gpus=1", "num_gpus=gpus")

    card, cpu = (run(ours, cells, gpus=gpus) for gpus in (1, 0))

    images.configure(None)
    assert next(card["model"].parameters()).is_cuda
    assert card["trainer"].train_dataloader._served.data.is_cuda
    points = [[float(point.y) for point in names["model"].board.data["train_loss"]] for names in (card, cpu)]
    torch.testing.assert_close(torch.tensor(points[0]), torch.tensor(points[1]), rtol=2e-3, atol=2e-3)
