"""Right networks in odd styles, trained for a few steps in a real sandbox: nothing speaks against any of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from grader.records import Finding, Outcome
from tests.measuring.bench import Bench

IMPORTS = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\nfrom d2l import torch as d2l"

LENETS: Mapping[str, tuple[str, str]] = {
    "sequential-subclass": ("weights", """
class LeNet(nn.Sequential):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__(
      nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2),
      nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, num_classes))
"""),
    "lazy-and-of-d2l": ("weights", """
class LeNet(d2l.Classifier):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.save_hyperparameters()
    self.net = nn.Sequential(
      nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
      nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, 2),
      nn.Flatten(), nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))
"""),
    "functions-and-own-parameters": ("weights", """
class LeNet(nn.Module):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    def p(*shape):
      return nn.Parameter(nn.init.xavier_uniform_(torch.empty(shape)) if len(shape) > 1 else torch.zeros(shape))
    self.e, self.f = p(84, 120), p(84)
    self.g, self.h = p(num_classes, 84), p(num_classes)
    self.a, self.b, self.c, self.d = p(6, 1, 5, 5), p(6), p(16, 6, 5, 5), p(16)
    self.w, self.v = p(120, 400), p(120)
  def forward(self, X):
    X = F.avg_pool2d(torch.sigmoid(F.conv2d(X, self.a, self.b, padding=2)), 2)
    X = F.avg_pool2d(torch.sigmoid(F.conv2d(X, self.c, self.d)), 2).flatten(1)
    X = torch.sigmoid(X @ self.w.T + self.v)
    X = torch.sigmoid(F.linear(input=X, weight=self.e, bias=self.f))
    return torch.addmm(self.h, X, self.g.T)
"""),
    "double-precision": ("weights", """
class LeNet(nn.Module):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.head = nn.Sequential(nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))
    self.body = nn.Sequential(
      nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2))
    self.register_buffer("mean", torch.tensor(0.0))
    self.double()
  def forward(self, X):
    return self.head(self.body(X.double()).flatten(1))
"""),
    "another-right-one": ("answers", """
class LeNet(nn.Module):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    self.net = nn.Sequential(
      nn.LazyConv2d(6, 5, padding=2), nn.BatchNorm2d(6, momentum=0.3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
      nn.Dropout(0.3), nn.LazyLinear(84), nn.ReLU(), nn.LazyLinear(num_classes))
    self.register_buffer("seen", torch.zeros(1))
  def forward(self, X):
    self.seen += len(X) if self.training else 0
    return self.net(X)
"""),
}  # fmt: skip

VGGS: Mapping[str, tuple[str, str]] = {
    "functional-dropout": ("weights", """
class VGG(nn.Module):
  def __init__(self, arch, lr=0.1, num_classes=10):
    super().__init__()
    self.classes = nn.ModuleList([nn.LazyLinear(4096), nn.LazyLinear(4096), nn.LazyLinear(num_classes)])
    self.stages = nn.ModuleList(
      nn.ModuleList(nn.LazyConv2d(channels, 3, padding=1) for _ in range(number)) for number, channels in arch)
  def forward(self, X):
    for stage in self.stages:
      for layer in stage:
        X = F.relu(layer(X))
      X = F.max_pool2d(X, 2)
    X = X.flatten(1)
    for layer in self.classes[:2]:
      X = F.dropout(F.relu(layer(X)), 0.5, self.training)
    return self.classes[2](X)
"""),
}  # fmt: skip

RESNET = """
class ResNet18(nn.Module):
  def __init__(self, lr=0.1, num_classes=10):
    super().__init__()
    stages = [nn.Sequential(Residual(c, c), Residual(c, c)) if n == 0 else
              nn.Sequential(Residual(c // 2, c, 2), Residual(c, c)) for n, c in enumerate((64, 128, 256, 512))]
    self.fc = nn.Linear(512, num_classes)
    self.net = nn.Sequential(nn.Conv2d(1, 64, 7, 2, 3), {norm}, nn.ReLU(), nn.MaxPool2d(3, 2, 1), *stages)
  def forward(self, X):
    return self.fc(self.net(X).mean((2, 3)))
"""
SHORTCUT_FIRST = """
class Residual(nn.Module):
  def __init__(self, before, after, stride=1):
    super().__init__()
    self.bn2, self.bn1 = nn.BatchNorm2d(after, momentum=0.01), nn.BatchNorm2d(after, momentum=0.5)
    self.short = nn.Identity() if stride == 1 else nn.Conv2d(before, after, 1, stride)
    self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
    self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
  def forward(self, X):
    shortcut = self.short(X)
    return F.relu(shortcut + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(X))))))
"""
BY_HAND = """
class Norm(nn.Module):
  def __init__(self, channels):
    super().__init__()
    self.gamma, self.beta = nn.Parameter(torch.ones(1, channels, 1, 1)), nn.Parameter(torch.zeros(1, channels, 1, 1))
    self.register_buffer("mean", torch.zeros(1, channels, 1, 1))
    self.register_buffer("var", torch.ones(1, channels, 1, 1))
  def forward(self, X):
    mean, var = self.mean, self.var
    if self.training:
      mean, var = X.mean((0, 2, 3), keepdim=True), X.var((0, 2, 3), unbiased=False, keepdim=True)
      self.mean, self.var = 0.9 * self.mean + 0.1 * mean.detach(), 0.9 * self.var + 0.1 * var.detach()
    return self.gamma * (X - mean) / torch.sqrt(var + 1e-5) + self.beta
class Residual(nn.Module):
  def __init__(self, before, after, stride=1):
    super().__init__()
    self.conv1, self.bn1 = nn.Conv2d(before, after, 3, stride, 1), Norm(after)
    self.conv2, self.bn2 = nn.Conv2d(after, after, 3, padding=1), Norm(after)
    self.short = None if stride == 1 else nn.Conv2d(before, after, 1, stride)
  def forward(self, X):
    Y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(X)))))
    return F.relu(Y + (X if self.short is None else self.short(X)))
"""
RESNETS: Mapping[str, tuple[str, str]] = {
    "shortcut-first-without-bias": ("weights", SHORTCUT_FIRST + RESNET.format(norm="nn.BatchNorm2d(64)")),
    "batch-norm-by-hand": ("answers", BY_HAND + RESNET.format(norm="Norm(64)")),
}

CNNS: Mapping[str, tuple[str, str]] = {
    "dropout": ("weights", """
class CNN(nn.Module):
  def __init__(self, classes=10):
    super().__init__()
    self.one, self.two = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding="same")
    self.out, self.drop = nn.Sequential(nn.Linear(3136, 128), nn.ReLU(inplace=True), nn.Linear(128, classes)), nn.Dropout()
  def forward(self, x):
    x = F.max_pool2d(F.relu(self.one(x)), 2)
    return self.out(self.drop(torch.flatten(F.relu(F.max_pool2d(self.two(x), 2)), 1)))
"""),
}  # fmt: skip


def earns_everything(finding: Finding, by: str) -> None:
    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0), finding
    assert finding.evidence["doubts"] == []
    assert finding.evidence["measured_by"] == by


@pytest.mark.parametrize("style", LENETS)
def test_a_right_lenet_earns_everything(homework: Bench, style: str) -> None:
    by, source = LENETS[style]

    earns_everything(homework.finding("lenet-accuracy", IMPORTS, source), by)


def test_another_network_that_has_learned_loses_that_with_its_parameters_and_keeps_its_credit(homework: Bench) -> None:
    _, source = LENETS["another-right-one"]

    finding = homework.finding("lenet-accuracy", IMPORTS, source, steps=60, lr=0.003, batch=64, train=6000)

    earns_everything(finding, "answers")
    assert finding.evidence["accuracy"] > 0.5


@pytest.mark.parametrize("style", VGGS)
def test_a_right_vgg_earns_everything(homework: Bench, style: str) -> None:
    by, source = VGGS[style]

    earns_everything(homework.finding("vgg-accuracy", IMPORTS, source), by)


@pytest.mark.parametrize("style", RESNETS)
def test_a_right_resnet_earns_everything(homework: Bench, style: str) -> None:
    by, source = RESNETS[style]

    earns_everything(homework.finding("resnet18-accuracy", IMPORTS, source, steps=8, test=200), by)


@pytest.mark.parametrize("style", CNNS)
def test_a_right_network_of_the_lab_earns_everything(lab: Bench, style: str) -> None:
    by, source = CNNS[style]

    earns_everything(lab.finding("mnist-accuracy", IMPORTS, source), by)
