"""The feedback page in a real browser: at the width of a phone, in the dark, on paper, and without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.commands import printing
from grader.errors import MachineryError
from grader.records import LANGUAGES
from grader.reports.feedback import page
from tests import browsers
from tests.reports.pages import EVERYTHING, assignment

PHONE, DESKTOP = 360, 1100

pytestmark = [browsers.NEEDED, pytest.mark.timeout(180)]


@pytest.fixture(scope="module", params=LANGUAGES)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "김하늘 #1%.html"
    path.write_text(page(EVERYTHING, tag=request.param, assignment=assignment(*EVERYTHING.items)), encoding="utf-8")
    return path


def opened(browser: Any, path: Path, width: int, **options: Any) -> Any:
    """The page, shown, with everything that the browser complained of or asked for in `noticed`."""
    shown = browser.new_page(viewport={"width": width, "height": 800}, **options)
    shown.noticed = []
    shown.on("console", lambda message: shown.noticed.append(message.text))
    shown.on("request", lambda request: shown.noticed.append(request.url))
    shown.goto(path.as_uri())
    return shown


@pytest.mark.parametrize("width", [320, PHONE, DESKTOP])
def test_nothing_is_wider_than_the_screen(browser: Any, written: Path, width: int) -> None:
    shown = opened(browser, written, width)

    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    beyond = shown.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter(e => !e.closest('.scroll') && !e.closest('.hidden') && e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert beyond == []


def test_the_tables_of_a_phone_need_no_scrolling(browser: Any, written: Path) -> None:
    shown = opened(browser, written, PHONE)

    wider = shown.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert wider == 0


def test_the_browser_asks_for_the_page_alone_and_has_no_complaint(browser: Any, written: Path) -> None:
    shown = opened(browser, written, PHONE)

    assert shown.noticed == [written.as_uri()]


def test_the_policy_lets_no_script_run_even_if_one_got_in(browser: Any, written: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    script = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\"></main>"
    broken.write_text(written.read_text(encoding="utf-8").replace("</main>", script), encoding="utf-8")

    shown = opened(browser, broken, PHONE)

    assert shown.title() != "taken"
    assert any("Content Security Policy" in each for each in shown.noticed)


def test_the_style_is_applied_in_light_and_dark(browser: Any, written: Path) -> None:
    grounds = {
        scheme: opened(browser, written, PHONE, color_scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }

    assert grounds == {"light": "rgb(246, 246, 243)", "dark": "rgb(20, 23, 27)"}


def test_every_link_and_table_can_be_reached_by_keys_and_shows_where_one_is(browser: Any, written: Path) -> None:
    shown = opened(browser, written, PHONE)
    count = shown.evaluate("document.querySelectorAll('a, summary, [tabindex=\"0\"]').length")

    outlines = []
    for _ in range(count):
        shown.keyboard.press("Tab")
        outlines.append(shown.evaluate("getComputedStyle(document.activeElement).outlineStyle"))

    assert count > 10
    assert outlines == ["solid"] * count


def test_letters_are_large_enough_to_read(browser: Any, written: Path) -> None:
    shown = opened(browser, written, PHONE)

    small = shown.evaluate(
        """() => [...document.querySelectorAll('p, li, dd, dt, h1, h2, h3, summary')]
            .map(e => parseFloat(getComputedStyle(e).fontSize)).filter(size => size < 12.5)"""
    )
    assert small == []


def test_a_page_is_printed_as_pdf(written: Path) -> None:
    (printed,) = printing.printed(printing.browser(), [written])

    content = printed.read_bytes()
    assert printed == written.with_suffix(".pdf")
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    assert 1 <= content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") <= 4
    assert not list(written.parent.glob(".*"))


def test_a_browser_that_prints_nothing_is_one_clear_line(written: Path, tmp_path: Path) -> None:
    idle = tmp_path / "chromium"
    idle.write_text("#!/bin/sh\necho 'no display' >&2\nexit 3\n")
    idle.chmod(0o755)

    with pytest.raises(MachineryError, match=r"did not print .* \(status 3; no display\)$"):
        printing.printed(idle, [written])


def test_without_a_browser_the_way_to_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(MachineryError, match="apt-get install chromium"):
        printing.browser()
