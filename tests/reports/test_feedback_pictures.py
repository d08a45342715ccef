"""The pictures on a feedback page: numbers, layers, curves, and what was taken for what."""

from __future__ import annotations

import re
from typing import Any

import pytest

from grader.reports.feedback import charts, pictures, training
from grader.reports.feedback.languages import language
from grader.reports.web.axes import axis
from tests.reports.pages import NETWORK, PICTURE, TRAINED

ENGLISH = language("en")


def grids(found: Any) -> dict[str, pictures.Grid]:
    drawn = pictures.tensors(found, ENGLISH)
    assert drawn is not None
    return {grid.caption: grid for grid in drawn.grids}


def places(grid: pictures.Grid, mark: str) -> list[tuple[int, int]]:
    return [(i, j) for i, row in enumerate(grid.rows) for j, cell in enumerate(row) if getattr(cell, mark)]


def test_wrong_values_are_marked_and_the_first_window_is_framed() -> None:
    found = grids(PICTURE)

    assert list(found) == ["Input", "Kernel", "Expected", "Yours", "Difference"]
    assert places(found["Yours"], "wrong") == [(0, 1), (1, 1)]
    assert places(found["Yours"], "framed") == places(found["Expected"], "framed") == [(0, 1)]
    assert places(found["Input"], "framed") == [(0, 1), (0, 2)]


def test_a_difference_is_shown_only_where_there_is_one() -> None:
    assert [[cell.text for cell in row] for row in grids(PICTURE)["Difference"].rows] == [["·", "2"], ["·", "?"]]


def test_answers_of_other_sizes_are_shown_without_a_difference() -> None:
    drawn = pictures.tensors({"got": [[1.0]], "expected": [[1.0, 2.0]]}, ENGLISH)

    assert drawn is not None
    assert [grid.caption for grid in drawn.grids] == ["Expected", "Yours"]
    assert drawn.note == "The sizes differ: 1 × 2 are expected, yours has 1 × 1."


@pytest.mark.parametrize(
    "found",
    [
        None,
        {"got": [[1.0]], "expected": [[1.0]]},
        {"got": [[1.0] * 17], "expected": [[1.0]]},
        {"got": [["1"]], "expected": [[1.0]]},
        {"got": [[1.0], [1.0, 2.0]], "expected": [[1.0]]},
        {"got": [], "expected": [[1.0]]},
    ],
)
def test_what_cannot_be_drawn_is_left_out(found: Any) -> None:
    assert pictures.tensors(found, ENGLISH) is None


@pytest.mark.parametrize(
    "value, text",
    [(0.0, "0"), (-0.125, "−0.12"), (2.5, "2.5"), (12.34, "12.3"), (123.4, "123"), (54321.0, "5e4"), (0.0004, "4e−4")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    found = grids({"got": [[value]], "expected": [[10 * value + 1]]})

    assert found["Yours"].rows[0][0].text == text


def test_the_first_layer_that_differs_is_marked_with_what_is_expected_there() -> None:
    found = pictures.layers(NETWORK, ENGLISH)

    assert found is not None
    assert [(row.output, row.marked) for row in found.rows] == [("1 × 6 × 28 × 28", False), ("1 × 16 × 14 × 14", True)]
    assert found.rows[1].expected == "expected here: convolution with output 1 × 16 × 10 × 10"


def test_a_layer_that_is_missing_at_the_end_has_a_row() -> None:
    found = pictures.layers(
        {"trace": NETWORK["trace"][:1], "differs": [2, ["convolution", [1, 16], [1, 6]], None]}, ENGLISH
    )

    assert found is not None
    assert [(row.name, row.marked) for row in found.rows] == [("convolution", False), ("nothing more", True)]


def points(drawn: str) -> list[tuple[float, float]]:
    (line,) = re.findall(r'<polyline class="line" points="([^"]*)"', drawn)
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())]


def test_a_curve_goes_from_left_to_right_and_up_where_values_are_larger() -> None:
    drawn = points(charts.line_chart([(0, 2.0), (10, 1.0), (20, 3.0)], x="step", label="loss"))

    (first, x), (second, y), (third, z) = drawn
    assert first < second < third
    assert second - first == pytest.approx(third - second)
    assert z < x < y  # in a drawing y points down


def test_a_curve_of_one_value_and_of_thousands_stays_within_the_drawing() -> None:
    for values in ([(0, 1.0), (0, 1.0)], [(n, n % 7) for n in range(5000)]):
        drawn = points(charts.line_chart(values, x="step", label="loss"))
        assert len(drawn) <= 201
        assert all(0 <= x <= 340 and 0 <= y <= 190 for x, y in drawn)


@pytest.mark.parametrize("low, high", [(0, 1), (0, 2.62), (0, 0.0003), (0, 150), (-3, 7), (0, 0)])
def test_marks_of_an_axis_are_few_round_and_around_the_values(low: float, high: float) -> None:
    found = axis(low, high)

    assert found.low <= low and found.high >= high
    assert 3 <= len(found.ticks) <= 7


def test_losses_alone_make_a_curve_over_all_steps() -> None:
    found = training.training({"losses": [2.0, None, 1.0], "steps": 40}, {}, ENGLISH)

    assert found is not None
    assert [chart.caption for chart in found.charts] == ["Loss while training: from 2 to 1"]
    assert points(found.charts[0].drawn)[-1][0] == max(x for x, _ in points(found.charts[0].drawn))


def test_what_is_mixed_up_most_is_told_in_words() -> None:
    found = training.training(TRAINED, {}, ENGLISH)

    assert found is not None and found.confusion is not None
    assert found.confusion.mixed_up == ["shirt taken for T-shirt: 5"]
    assert [[cell.right for cell in row].index(True) for row in found.confusion.rows] == list(range(10))


@pytest.mark.parametrize("found", [[[1, 2]], [[1, 2], [3]], [[1, -2], [3, 4]], "no", [[1.5, 2], [3, 4]]])
def test_what_is_no_table_of_counts_is_left_out(found: Any) -> None:
    assert training.confusion(found, [], ENGLISH) is None


def test_an_item_without_training_has_none() -> None:
    assert training.training({"cell": 3}, {}, ENGLISH) is None
