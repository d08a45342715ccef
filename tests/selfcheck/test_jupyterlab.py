"""`check` as a student meets it: a released notebook in JupyterLab, filled in wrongly, checked, mended, checked again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from grader.commands.release import Options, release
from tests import browsers
from tests.releases.conftest import WRONG, make_course
from tests.selfcheck.jupyterlab import Person, served

RIGHT = WRONG.replace("K.flip(0, 1)", "K")
MISTAKE = "This is convolution: the kernel is flipped. 7.2 asks for cross-correlation. 18 of 20 cases are wrong."
LATER = "Checked here, with public examples and without points. Hidden checks run after you hand in."
READABLE = 4.5  # WCAG AA

pytestmark = [browsers.NEEDED, pytest.mark.timeout(240)]

# By text the contrast between its colour and what lies behind it, opacity included, after WCAG 2.
CONTRASTS = """root => {
    const parsed = colour => {
        const [, inside] = /^rgba?\\((.*)\\)$/.exec(colour);
        const [r, g, b, a = 1] = inside.split(/[,\\s/]+/).map(Number);
        return [r, g, b, a];
    };
    const over = ([r, g, b, a], under) => [r, g, b].map((each, n) => each * a + under[n] * (1 - a));
    const light = colour => colour.map(each => each / 255)
        .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4)
        .reduce((sum, each, n) => sum + each * [.2126, .7152, .0722][n], 0);
    const found = [], texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text; text = texts.nextNode();) {
        if (!text.data.trim()) continue;
        const line = [];
        for (let each = text.parentElement; each; each = each.parentElement) line.unshift(getComputedStyle(each));
        const behind = line.reduce((under, style) => over(parsed(style.backgroundColor), under), [255, 255, 255]);
        const opacity = line.reduce((whole, style) => whole * style.opacity, 1);
        const [r, g, b, a] = parsed(line.at(-1).color);
        const [low, high] = [light(behind), light(over([r, g, b, a * opacity], behind))].sort((x, y) => x - y);
        found.push([text.data.trim(), (high + .05) / (low + .05)]);
    }
    return found;
}"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What students receive of section 7.2."""

    def of_section(rubric: dict[str, Any]) -> None:
        assignment = rubric["assignments"]["hw2-cnn"]
        assignment["items"] = [item for item in assignment["items"] if item["section"] == "7.2"]

    return release(Options("hw2-cnn", make_course(tmp_path / "course", of_section), tmp_path / "released")).folder


@pytest.fixture
def page(browser: Any) -> Any:
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed (make setup)")
    return browser.new_page(viewport={"width": 1200, "height": 1100})


def cells(report: Any, caption: str) -> dict[str, tuple[int, int, int]]:
    """By its text the colour of a cell of a table, as it is seen on the screen."""
    picture = Image.open(io.BytesIO(report.screenshot())).convert("RGB")
    left, top = (report.bounding_box()[side] for side in "xy")
    found: dict[str, tuple[int, int, int]] = {}
    for cell in report.locator("table", has_text=caption).locator("td").all():
        box = cell.bounding_box()
        place = int(box["x"] - left) + 4, int(box["y"] - top) + 4  # beside the number, within a frame
        colour = picture.getpixel(place)
        assert isinstance(colour, tuple)
        found[cell.inner_text()] = (colour[0], colour[1], colour[2])
    return found


def assert_the_picture_is_seen(report: Any) -> None:
    """One example: five tables beside each other; of the differences the greatest is the reddest, and zero is not red."""
    assert report.locator("caption").all_inner_texts() == ["Input", "Kernel", "Expected", "Yours", "Difference"]
    redness = {text: red - blue for text, (red, _, blue) in cells(report, "Difference").items()}
    assert len(redness) == 9
    assert redness["41"] == max(redness.values()) > redness["·"] + 30
    assert abs(redness["·"]) < 8
    blueness = {text: blue - red for text, (red, _, blue) in cells(report, "Expected").items()}
    assert blueness["−70"] == max(blueness.values()) > blueness["0"] + 30


def assert_all_of_it_is_readable(report: Any) -> None:
    contrasts = report.evaluate(CONTRASTS)
    assert len(contrasts) > 40
    assert [(text, ratio) for text, ratio in contrasts if ratio < READABLE] == []


def test_a_student_sees_the_mistake_mends_it_and_sees_it_pass(folder: Path, page: Any, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    before = {each.pid for each in psutil.Process().children(recursive=True)}

    with served(folder, tmp_path / "home") as address:
        person = Person(page, address)
        person.open("hw2-chapter-7.ipynb")
        assert person.work("# !pip").count() == 0  # imports, without a warning

        person.work("def corr2d", WRONG)
        wrong = person.work("check(corr2d)").locator(".grader-check")
        said = wrong.inner_text()
        assert said.startswith("corr2d\n1 of 2 right")
        assert MISTAKE in said
        assert said.endswith(LATER)
        assert_the_picture_is_seen(wrong)
        assert_all_of_it_is_readable(wrong)

        person.darken()
        assert max(cells(wrong, "Difference")["·"]) < 60
        assert_the_picture_is_seen(wrong)
        assert_all_of_it_is_readable(wrong)

        person.work("def corr2d", RIGHT, "ArrowUp")
        right = person.work("check(corr2d)").locator(".grader-check")
        assert right.inner_text().startswith("corr2d\n2 of 2 right\n✓ right")
        assert right.locator("table").count() == 0

        whole = person.work("check(Conv2D)", "check()").locator(".grader-check").inner_text()
        assert whole.startswith("HW2: Convolutional neural networks\n2 of 2 right")
        assert "To do: Conv2D X, K conv2d" in whole

        assert person.noticed == []
        assert page.locator(".jp-Dialog").count() == 0
        assert page.locator("[data-mime-type*=error], [data-mime-type*=stderr]").count() == 0

    assert {each.pid for each in psutil.Process().children(recursive=True)} == before
