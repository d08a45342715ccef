"""Floors follow from what the reference reaches, by a rule that is written down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from grader.calibration import Calibration, Floors, Run
from grader.reports.calibration import Conditions, markdown

ROOT = Path(__file__).parents[1]
RECIPE = {
    "steps": 40, "batch": 64, "lr": 0.001, "size": 28, "train": 12800, "test": 1000, "none": 0.2, "full": 0.45, "enough": 0.5
}  # fmt: skip
CONDITIONS = Conditions("2026-01-02", "quick", "cpu", "2.0", "grader calibrate hw --seeds 3")


def calibration(*accuracies: float, item: str = "lenet-accuracy", **recipe: float) -> Calibration:
    runs = [Run(number, accuracy, 2.0 + number) for number, accuracy in enumerate(accuracies)]
    return Calibration(item, {**RECIPE, **recipe}, runs, 1.5, {"NoSkip": [0.3], "Broken": []})


@pytest.mark.parametrize(
    ("accuracies", "test", "floors"),
    [
        ((0.7, 0.7, 0.7), 1_000_000, Floors(0.27, 0.67)),  # 0.03 below
        ((0.7, 0.7, 0.7), 1000, Floors(0.26, 0.65)),  # three standard errors of 0.0145 below
        ((0.6, 0.7, 0.8), 1000, Floors(0.16, 0.30)),  # three standard deviations of 0.1 below
        ((0.5,), 1_000_000, Floors(0.21, 0.47)),
    ],
    ids=["least", "error", "deviation", "one-seed"],
)
def test_full_credit_lies_below_the_worst_seed_by_the_greatest_margin(
    accuracies: tuple[float, ...], test: int, floors: Floors
) -> None:
    assert calibration(*accuracies, test=test).floors() == floors


def test_a_rubric_may_ask_for_less_than_the_rule_and_not_for_more() -> None:
    assert calibration(0.7, 0.7, full=0.65).safe
    assert not calibration(0.7, 0.7, full=0.66).safe


LENET, CNN = ("hw", "lenet-accuracy"), ("lab", "cnn")


def test_the_page_shows_every_seed_the_floors_and_what_mistakes_reach() -> None:
    page = markdown("", [("hw", CONDITIONS, calibration(0.71, 0.69))], [LENET])

    assert "## hw, lenet-accuracy, quick, cpu\n\n2026-01-02, torch 2.0: `grader calibrate hw --seeds 3`" in page
    row = "| 40 × 64, lr 0.001, 28 px, 12800 images | 0.690 | 0.700 ± 0.014 | 0.710 | 2.5 | 1.5 |"
    assert f"{row} 0.26, 0.64 | 0.20, 0.45 |" in page
    assert "By seed: 0.710, 0.690." in page
    assert "With a mistake: Broken none, NoSkip 0.300." in page


def test_the_page_says_what_is_not_calibrated_and_how_to_do_it() -> None:
    page = markdown("", [("hw", CONDITIONS, calibration(0.7))], [LENET, CNN])

    assert "## hw, lenet-accuracy, quick, cpu\n\nNot calibrated" not in page
    for name, item, profile, device in ((*LENET, "full", "cuda"), (*CNN, "quick", "cpu"), (*CNN, "full", "cuda")):
        assert f"## {name}, {item}, {profile}, {device}\n\nNot calibrated" in page
        command = f"grader calibrate {name} --item {item} --profile {profile} --device {device}"
        assert f"`{command} --report docs/calibration.md` does it." in page


def test_the_page_says_where_floors_rest_on_another_device() -> None:
    elsewhere = replace(CONDITIONS, profile="full")

    page = markdown("", [("hw", elsewhere, calibration(0.7))], [LENET, CNN])

    (here,) = (line for line in page.splitlines() if "hw --item lenet-accuracy --profile full --device cuda" in line)
    (other,) = (line for line in page.splitlines() if "lab --item cnn --profile full --device cuda" in line)
    assert "rest on what another device reached in as many steps" in here
    assert "are set by hand" in other


def test_what_is_measured_anew_replaces_only_itself() -> None:
    first = [("hw", CONDITIONS, calibration(0.7)), ("lab", CONDITIONS, calibration(0.9, item="cnn"))]
    before = markdown("", first, [LENET, CNN])

    after = markdown(before, [("hw", CONDITIONS, calibration(0.8))], [LENET, CNN])

    assert "By seed: 0.800" in after and "By seed: 0.700" not in after
    assert "By seed: 0.900" in after
    assert markdown(after, [], [LENET, CNN]) == after


def test_a_rubric_that_asks_for_too_much_is_marked() -> None:
    page = markdown("", [("hw", CONDITIONS, calibration(0.5, full=0.6))], [LENET])

    assert "| 0.20, 0.60 **too high** |" in page


def test_the_floors_of_the_rubric_are_those_on_the_page_and_none_is_too_high() -> None:
    page = (ROOT / "docs/calibration.md").read_text(encoding="utf-8")
    assignments = yaml.safe_load((ROOT / "rubric.yaml").read_text(encoding="utf-8"))["assignments"]
    asked = [(name, each) for name, one in assignments.items() for each in one["items"] if each["check"] == "learns"]
    sections = {
        head.split(", cpu")[0]: text for head, _, text in (each.partition("\n") for each in page.split("\n## "))
    }
    told = []

    for name, each in asked:
        for profile, recipe in each["options"]["profiles"].items():
            text = sections.get(f"{name}, {each['id']}, {profile}", "")
            if text and "Not calibrated" not in text:
                told.append((each["id"], profile))
                assert f"| {recipe['steps']} × {recipe['batch']}, lr {recipe['lr']:g}, {recipe['size']} px, " in text
                assert f"| {recipe['none']:.2f}, {recipe['full']:.2f} |" in text

    quick = ("lenet-accuracy", "vgg-accuracy", "resnet18-accuracy", "mnist-accuracy", "softmax-accuracy")
    assert {each for each, profile in told if profile == "quick"} == set(quick)
    assert {each for each, profile in told if profile == "full"} == {"lenet-accuracy", "softmax-accuracy"}
    assert "too high" not in page
