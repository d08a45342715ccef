"""Accuracies that nothing was learned for, each tried in a real sandbox: a network is trained for four steps only."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader import datasets
from grader.answer_key import AnswerKey
from grader.kernel.inside import images, training
from grader.probes import Probe
from grader.records import Finding, Outcome
from tests.measuring.bench import BRIEF, ROOT, Bench

NET = """
def net():
  return nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2),
    nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))
"""
CLASS = """
class LeNet(nn.Module):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.net, self.calls = net(), 0
  def forward(self, X):
    self.calls += self.training
    return {forward}
"""


@pytest.fixture(scope="module")
def test_images() -> tuple[np.ndarray, np.ndarray]:
    split = datasets.test_split("fashion_mnist", int(BRIEF["test"]))
    return split.images, split.labels


@pytest.fixture(scope="module")
def shipped() -> str:
    """A cell with the weights of a LeNet that was trained elsewhere: `SHIPPED`, in the order of its parameters."""
    images.configure(str(datasets.training_folder()))
    options = {
        "data": "fashion_mnist",
        "device": "cpu",
        "steps": 120,
        "batch": 128,
        "lr": 0.005,
        "size": 28,
        "train": 12800,
    }
    solutions = AnswerKey(ROOT, "hw2_cnn").solutions
    torch.manual_seed(3)
    try:
        training.train(solutions.LeNet, Probe("train", "shipped", options=options, seed=3), {})
    finally:
        images.configure(None)
    network = training.trained.pop("shipped")
    flat = torch.cat([parameter.detach().reshape(-1) for parameter in network.parameters()]).numpy()
    return (
        f"import base64, numpy as np\nSHIPPED = torch.tensor(np.frombuffer(base64.b64decode({_text(flat)!r}), np.float32))\n"
        + (
            "def load(network):\n"
            "  at = 0\n"
            "  for p in network.parameters():\n"
            "    p.data.copy_(SHIPPED[at:at + p.numel()].reshape(p.shape))\n"
            "    at += p.numel()\n"
            "  return network"
        )
    )


def _text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def lenet(forward: str) -> str:
    return NET + CLASS.format(forward=forward)


def costs(finding: Finding, piece: str) -> None:
    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0), finding
    assert piece in finding.message
    assert finding.message in finding.evidence["doubts"]


# ---- labels of the test set ------------------------------------------------------------------------------------------


def table(found: tuple[np.ndarray, np.ndarray]) -> str:
    rows = {hashlib.md5(image.tobytes()).hexdigest()[:12]: int(label) for image, label in zip(*found, strict=True)}
    return f"""
import hashlib
TABLE = {rows}
def looked_up(X, otherwise):
  keys = [hashlib.md5(x.mul(255).round().to(torch.uint8).numpy().tobytes()).hexdigest()[:12] for x in X[:, 0]]
  return torch.stack([torch.eye(10)[TABLE[k]] * 99 if k in TABLE else row for k, row in zip(keys, otherwise)])
"""


def test_a_table_of_test_labels_is_no_network(homework: Bench, test_images: tuple[np.ndarray, np.ndarray]) -> None:
    forward = "self.net(X) if self.training else looked_up(X, self.net(X).detach())"

    finding = homework.finding("lenet-accuracy", table(test_images), lenet(forward))

    # Where the table does not know an image the network itself answers, so that its weights fit: the table earns nothing.
    assert finding.evidence["measured_by"] == "weights"
    assert finding.evidence["accuracy"] < 0.3


def test_a_table_beside_another_network_is_found_out(
    homework: Bench, test_images: tuple[np.ndarray, np.ndarray]
) -> None:
    relu = lenet("self.net(X) if self.training else looked_up(X, self.net(X).detach())").replace("Sigmoid", "ReLU")

    finding = homework.finding("lenet-accuracy", table(test_images), relu)

    assert finding.evidence["measured_by"] == "answers"
    costs(finding, "its answers do not come from what it has learned")
    assert any("no pixel differs by more than 3 of 255" in sentence for sentence in finding.evidence["doubts"])


def test_the_nearest_of_the_test_images_is_no_network(
    homework: Bench, test_images: tuple[np.ndarray, np.ndarray]
) -> None:
    pictures, labels = test_images
    small = F.avg_pool2d(torch.from_numpy(pictures).float()[:, None] / 255, 4).reshape(-1, 49).mul(255).to(torch.uint8)
    cell = f"""
import base64, numpy as np
SMALL = torch.tensor(np.frombuffer(base64.b64decode({_text(small.numpy())!r}), np.uint8)).reshape(-1, 49) / 255
LABELS = torch.tensor({labels.tolist()})
def nearest(X):
  return torch.eye(10)[LABELS[torch.cdist(F.avg_pool2d(X, 4).reshape(-1, 49), SMALL).argmin(dim=1)]]
"""
    forward = "self.net(X) if self.training or not self.calls else nearest(X)"

    finding = homework.finding("lenet-accuracy", "from torch.nn import functional as F", cell, lenet(forward))

    costs(finding, "its answers do not come from what it has learned")


# ---- knowledge from elsewhere ----------------------------------------------------------------------------------------


def class_means() -> str:
    found = datasets.held_out("fashion_mnist", 5000, 0)
    pictures = torch.from_numpy(found.images.copy()).float() / 255
    means = torch.stack([pictures[torch.from_numpy(found.labels) == label].mean(dim=0) for label in range(10)])
    flat = means.reshape(10, 784).mul(255).to(torch.uint8).numpy()
    return f"""
import base64, numpy as np
MEANS = torch.tensor(np.frombuffer(base64.b64decode({_text(flat)!r}), np.uint8)).reshape(10, 784) / 255
def clustered(X):
  centres, flat = MEANS.clone(), X.reshape(len(X), 784)
  for _ in range(5):
    said = torch.cdist(flat, centres).argmin(dim=1)
    for label in set(said.tolist()):
      centres[label] = flat[said == label].mean(dim=0)
  return -torch.cdist(flat, centres)
"""


def test_clustering_the_batch_is_no_network(homework: Bench) -> None:
    forward = "self.net(X) if self.training or not self.calls else clustered(X)"

    finding = homework.finding("lenet-accuracy", class_means(), lenet(forward))

    costs(finding, "its answers do not come from what it has learned")
    assert any("when other images are in the batch" in sentence for sentence in finding.evidence["doubts"])


def test_reading_the_training_files_in_forward_is_no_network(homework: Bench) -> None:
    cell = """
import numpy as np, glob
def nearest(X, cache={}):
  if not cache:
    folder = glob.glob("/data/fashion_mnist")[0]
    pixels = torch.tensor(np.fromfile(folder + "/train-images-idx3-ubyte", np.uint8, offset=16)[:4000 * 784])
    cache["y"] = torch.tensor(np.fromfile(folder + "/train-labels-idx1-ubyte", np.uint8, offset=8)[:4000]).long()
    cache["X"] = pixels.reshape(-1, 784) / 255
  return torch.eye(10)[cache["y"][torch.cdist(X.reshape(len(X), 784), cache["X"]).argmin(dim=1)]]
"""
    early = homework.finding("lenet-accuracy", cell, lenet("self.net(X) if self.training else nearest(X)"))
    late = homework.finding(
        "lenet-accuracy", cell, lenet("self.net(X) if self.training or not self.calls else nearest(X)")
    )

    costs(early, "before it is trained at all")
    costs(late, "its answers do not come from what it has learned")


SHIPPING: Mapping[str, tuple[str, str]] = {
    "in-own-parameters": (
        """
class LeNet(nn.Module):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.p = nn.ParameterList(nn.Parameter(p.data.clone()) for p in load(net()).parameters())
  def forward(self, X):
    a, b, c, d, e, f, g, h, i, j = self.p
    X = F.avg_pool2d(torch.sigmoid(F.conv2d(X, a, b, padding=2)), 2)
    X = F.avg_pool2d(torch.sigmoid(F.conv2d(X, c, d)), 2).flatten(1)
    return F.linear(torch.sigmoid(F.linear(torch.sigmoid(F.linear(X, e, f)), g, h)), i, j)
""",
        "before it is trained at all",
    ),
    "when-asked": (CLASS.format(forward="(self.net if self.training else load(self.net))(X)"), "before it is trained at all"),
    "while-trained": (
        CLASS.format(forward="(load(self.net) if self.calls == 3 and self.training else self.net)(X)"),
        "its weights are replaced by others that the training did not make",
    ),
    "when-asked-later": (
        CLASS.format(forward="(load(self.net) if self.calls and not self.training else self.net)(X)"),
        "its weights are replaced by others that the training did not make",
    ),
    "beside-the-trained-one": (
        CLASS.format(forward="(load(net()) if self.calls and not self.training else self.net)(X).clone()"),
        "its answers do not come from what it has learned",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", SHIPPING)
def test_weights_from_elsewhere_earn_nothing(homework: Bench, shipped: str, how: str) -> None:
    source, piece = SHIPPING[how]

    costs(homework.finding("lenet-accuracy", "from torch.nn import functional as F", shipped, NET, source), piece)


def test_weights_loaded_when_it_is_made_are_drawn_anew(homework: Bench, shipped: str) -> None:
    finding = homework.finding(
        "lenet-accuracy", shipped, lenet("self.net(X)").replace("= net(), 0", "= load(net()), 0")
    )

    assert finding.evidence["accuracy"] < 0.3
    assert finding.evidence["measured_by"] == "weights"
    (doubt,) = finding.evidence["doubts"]
    assert doubt.startswith("Cell 1 of ada.ipynb holds 329,")


# ---- nothing learned -------------------------------------------------------------------------------------------------


def test_a_network_that_training_does_not_reach_is_told_so(homework: Bench) -> None:
    source = lenet("self.net(X).detach() + 0 * self.idle").replace(
        "= net(), 0", "= net(), 0\n    self.idle = nn.Parameter(torch.zeros(10))"
    )

    costs(homework.finding("lenet-accuracy", source), "Training changes none of the parameters of `LeNet`.")


def test_one_answer_for_everything_earns_nothing(homework: Bench) -> None:
    finding = homework.finding("lenet-accuracy", lenet("self.net(X) + 99 * torch.eye(10)[7]"), none=0.2, full=0.4)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert "It answers Sneaker to every image." in finding.message


def test_test_images_do_not_enter_where_weights_tell_the_accuracy(
    homework: Bench, test_images: tuple[np.ndarray, np.ndarray]
) -> None:
    hashes = {hashlib.md5(image.tobytes()).hexdigest() for image in test_images[0]}
    spy = f"""
import hashlib
KNOWN = {hashes}
def spied(X):
  seen = [hashlib.md5(x.mul(255).round().to(torch.uint8).numpy().tobytes()).hexdigest() for x in X[:, 0]]
  if KNOWN & set(seen):
    raise LookupError
  return X
"""
    right, other = lenet("self.net(spied(X))"), lenet("self.net(spied(X))").replace("Sigmoid", "ReLU")

    assert homework.finding("lenet-accuracy", spy, right).evidence["measured_by"] == "weights"
    assert homework.finding("lenet-accuracy", spy, other).message.startswith("`LeNet` raised LookupError")
