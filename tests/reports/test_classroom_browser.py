"""The class report in a real browser: sorting, filtering, links, keyboard, without script, dark, on a phone, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.commands import printing
from grader.reports.classroom import page
from tests import browsers
from tests.reports.classes import F, P, a_class, everything, student
from tests.reports.test_feedback_browser import opened

DESKTOP, PHONE = 1200, 360

pytestmark = [browsers.NEEDED, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("class") / "report.html"
    path.write_text(page(everything()), encoding="utf-8")
    return path


@pytest.fixture
def shown(browser: Any, written: Path) -> Iterator[Any]:
    """The page on a desktop; whatever a test does, the browser asks for nothing more and has no complaint."""
    found = opened(browser, written, DESKTOP)
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    assert [each.partition("#")[0] for each in found.noticed] == [written.as_uri()]
    assert errors == []
    found.close()


def students(shown: Any) -> list[str]:
    """Who is seen in the table, from top to bottom."""
    names: list[str] = shown.locator("#table tbody tr:visible th").all_inner_texts()
    return names


def column(shown: Any, name: str) -> list[str]:
    """The cells of a column as they are seen."""
    place = [each.strip() for each in shown.locator("#table thead th").all_inner_texts()].index(name)
    texts: list[str] = shown.locator(f"#table tbody tr:visible > :nth-child({place + 1})").all_inner_texts()
    return texts


EVERYBODY = ["Ada", "Bo", "Chi", "Dan", "Eve", "Fay", "Gil", "Hal"]


def test_a_number_shows_the_students_behind_it_and_back_shows_all_again(shown: Any) -> None:
    shown.locator("section[aria-labelledby=mistakes] .mistakes a.count").first.click()

    assert students(shown) == ["Bo", "Chi"]
    assert shown.locator("#shown").inner_text() == (
        "2 of 8 students · Mistake: This is convolution: the kernel is flipped. 7.2 asks for cross-correlation."
    )
    assert shown.evaluate("document.activeElement.getAttribute('aria-label')") == "Students and items"
    assert shown.locator("#students").bounding_box()["y"] < 800

    shown.locator("#all").click()

    assert students(shown) == EVERYBODY
    assert shown.evaluate("document.activeElement.id") == "find"


def test_every_number_on_the_page_shows_as_many_students_as_it_says(shown: Any) -> None:
    counts = shown.evaluate("""() => [...document.querySelectorAll('a.count, .chart a')].map(
        a => [a.getAttribute('href'), a.querySelector('.count')?.textContent ?? a.textContent])""")

    assert len(counts) > 30
    for href, text in counts:
        number = re.match(r"\d+", text)
        assert number
        shown.evaluate("href => { location.hash = href }", href)
        shown.wait_for_function("n => document.querySelectorAll('#table tbody tr:not([hidden])').length === n",
                                arg=int(number.group()), timeout=5000)  # fmt: skip


def test_the_bars_of_a_histogram_are_links_for_mouse_and_keyboard(shown: Any) -> None:
    shown.locator(".chart a[aria-label^='Total 90 to 100']").focus()
    shown.keyboard.press("Enter")

    shown.wait_for_function("document.querySelectorAll('#table tbody tr:not([hidden])').length < 8")
    assert students(shown) == ["Ada", "Dan", "Eve", "Fay"]


def test_columns_sort_both_ways_with_blanks_last(shown: Any) -> None:
    percent = shown.locator("#table thead button", has_text="%")

    percent.click()
    assert column(shown, "%") == ["100.0", "100.0", "100.0", "100.0", "50.0", "0.0", "", ""]
    assert shown.locator("#table thead th[aria-sort]").get_attribute("aria-sort") == "descending"
    percent.click()
    assert column(shown, "%") == ["0.0", "50.0", "100.0", "100.0", "100.0", "100.0", "", ""]

    shown.locator("#table thead button", has_text="Student").click()
    assert students(shown) == EVERYBODY
    shown.locator("#table thead button", has_text="Student").click()
    assert students(shown) == EVERYBODY[::-1]


def test_an_item_sorts_by_points_and_signs_come_last(shown: Any) -> None:
    shown.locator("#table thead button", has_text="trained").press("Enter")

    assert column(shown, "trained") == ["4", "4", "4", "2", "0 ↷", "!", "", ""]


def test_words_and_status_narrow_the_table_and_are_told(shown: Any) -> None:
    shown.locator("#find").fill("dl-01 a")
    assert students(shown) == ["Ada", "Dan", "Fay", "Hal"]

    shown.locator("#state").select_option("missing")
    assert students(shown) == ["Hal"]
    assert shown.locator("#shown").inner_text() == "1 of 8 students"

    shown.locator("#find").fill("nobody")
    assert students(shown) == []


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of 450, half of whom failed."""
    path = tmp_path_factory.mktemp("large") / "report.html"
    rows = [student(f"s{n:03}", [P if n % 2 else F]) for n in range(450)]
    path.write_text(page(a_class(*rows, items=1)), encoding="utf-8")
    return path


def test_of_a_large_class_the_first_rows_are_drawn_in_whatever_order_and_all_on_demand(
    browser: Any, large: Path
) -> None:
    found = opened(browser, large, DESKTOP)
    assert found.locator("#shown").inner_text() == "450 of 450 students, the first 200 shown"
    assert len(students(found)) == 200

    found.locator("#table thead button", has_text="%").click()
    assert set(column(found, "%")) == {"100.0"}
    found.locator("#find").fill("s44")
    assert sorted(students(found)) == [f"S{n}" for n in range(440, 450)]
    found.locator("#all").click()
    found.locator("#more").click()

    assert len(students(found)) == 450
    assert found.locator("#shown").inner_text() == "450 of 450 students"
    assert not found.locator("#more").is_visible()


def test_a_row_beyond_those_drawn_is_there_for_who_asks_and_on_paper(browser: Any, large: Path) -> None:
    found = browser.new_page()
    found.goto(f"{large.as_uri()}#s444")
    assert found.locator("#s444").is_visible()

    (printed,) = printing.printed(printing.browser(), [large])
    assert len(re.findall(rb"/Type /Page\b(?!s)", printed.read_bytes())) > 8


def test_an_address_with_a_list_opens_filtered(browser: Any, written: Path, shown: Any) -> None:
    href = shown.locator(".states a.count").nth(1).get_attribute("href")

    other = browser.new_page()
    other.goto(written.as_uri() + href)

    assert students(other) == ["Chi"]


def test_a_link_to_a_student_who_is_filtered_out_brings_the_row_back(shown: Any) -> None:
    shown.locator("#find").fill("hal")

    shown.locator(".cases a[href='#s4']").click()

    shown.wait_for_function("document.querySelectorAll('#table tbody tr:not([hidden])').length === 8")
    assert shown.evaluate("document.querySelector('tr:target').cells[0].textContent") == "Eve"


def test_without_script_the_links_lead_to_lists_and_the_table_is_whole(browser: Any, written: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(written.as_uri())

    plain.locator("section[aria-labelledby=mistakes] .mistakes a.count").first.click()

    (href,) = re.findall(r"#g\d+$", plain.url)
    assert plain.locator(href).inner_text().endswith("Bo, Chi")
    assert plain.locator("#table tbody tr:visible").count() == 8
    assert not plain.locator("#tools").is_visible()
    context.close()


def test_the_lists_are_not_there_twice_where_the_script_runs(shown: Any) -> None:
    assert shown.locator("#lists").count() == 0


def test_no_other_script_runs(browser: Any, written: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    script = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\"></main>"
    broken.write_text(written.read_text(encoding="utf-8").replace("</main>", script), encoding="utf-8")

    found = opened(browser, broken, DESKTOP)

    assert found.title() != "taken"
    assert any("Content Security Policy" in each for each in found.noticed)


@pytest.mark.parametrize("width", [320, PHONE, 800, DESKTOP])
def test_nothing_but_the_tables_is_wider_than_the_screen(browser: Any, written: Path, width: int) -> None:
    found = opened(browser, written, width)

    beyond = found.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter(e => !e.closest('.scroll') && !e.closest('.hidden') && e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 90))"""
    )
    assert beyond == []
    assert found.evaluate("document.documentElement.scrollWidth") <= width


def test_whatever_can_be_done_can_be_reached_by_keys_and_shows_where_one_is(shown: Any) -> None:
    many = shown.evaluate("document.querySelectorAll('a, button, input, select, summary, [tabindex]').length")
    marks = set()
    for _ in range(many):
        shown.keyboard.press("Tab")
        marks.add(
            shown.evaluate("""() => { const a = document.activeElement, piece = a.querySelector?.('.piece');
                return a === document.body ? null : getComputedStyle(piece ?? a)[piece ? 'strokeWidth' : 'outlineStyle'] }""")
        )

    assert marks - {None} == {"2.5px", "solid"}


def test_the_dark_scheme_is_dark(browser: Any, written: Path) -> None:
    found = opened(browser, written, DESKTOP, color_scheme="dark")

    assert found.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
    assert (
        found.evaluate("getComputedStyle(document.querySelector('#table thead th')).backgroundColor")
        == "rgb(28, 32, 38)"
    )


def test_a_report_is_printed_as_pdf_with_everybody_on_it(written: Path) -> None:
    (printed,) = printing.printed(printing.browser(), [written])

    content = printed.read_bytes()
    pages = len(re.findall(rb"/Type /Page\b(?!s)", content))
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    assert 2 <= pages <= 8
