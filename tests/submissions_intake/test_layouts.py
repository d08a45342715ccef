"""Downloads of each LMS: who handed in what, when, and what becomes of every other file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import documents, submissions
from grader.cli.grading import SOURCES
from grader.errors import UsageError
from grader.lateness import Arrival
from grader.roster import Enrolled
from grader.submissions import Assembled, Gathered
from grader.submissions.claims import Source
from grader.submissions.files import FoundFile
from grader.submissions.layouts import TITLES, of_lms
from grader.submissions.names import DEFAULT_PATTERN
from tests.submissions_intake import downloads
from tests.submissions_intake.downloads import archive, hand_in, notebook, zipped

SEOUL = ZoneInfo("Asia/Seoul")


def gathered(path: Path) -> Gathered:
    (source,) = submissions.gather([path], zone=SEOUL)
    return source


def assembled(*paths: Path) -> Assembled:
    return submissions.assemble(each for source in submissions.gather(paths, zone=SEOUL) for each in source.claims)


def contents(found: Assembled) -> dict[str, list[bytes]]:
    return {each.student.id: [file.content for file in each.notebooks] for each in found.submissions}


def uses(found: Assembled, use: str) -> dict[str, str]:
    return {each.file: each.why for each in found.placed if each.use == use}


# ---- Canvas ----------------------------------------------------------------------------------------------------------


def test_a_canvas_download_tells_ids_and_who_was_late(tmp_path: Path) -> None:
    path = archive(tmp_path / "submissions.zip", downloads.CANVAS)

    found = assembled(path)

    assert gathered(path).kind == "canvas"
    assert found.owners["canvas-340934"] == Enrolled(
        "canvas-340934", "inventedada", lms={"canvas": "340934"}, listed=False
    )
    assert contents(found) == {"canvas-12": [], "canvas-340934": [notebook("ada")], "canvas-55": [notebook("haneul")]}
    assert [each.attachments[0].name for each in found.submissions if each.attachments] == ["text.html", "model.py"]
    assert found.arrivals["canvas-55"] == Arrival("", marked_late=True, source="canvas")
    assert not found.arrivals["canvas-340934"].marked_late
    assert found.submissions[0].unreadable == ("text.html is a web page, not a notebook.",)


def test_an_anonymous_canvas_download_has_no_ids_to_join_by(tmp_path: Path) -> None:
    members = {"anon_a1B2c_777_HW2.ipynb": notebook("1"), "LATE_anon_d4_778_HW2.ipynb": notebook("2")}

    found = assembled(archive(tmp_path / "submissions.zip", members))

    assert set(found.owners) == {"canvas-anon-a1B2c", "canvas-anon-d4"}
    assert all(owner.lms == {} for owner in found.owners.values())
    assert found.arrivals["canvas-anon-d4"].marked_late


def test_of_two_canvas_downloads_the_newer_attachment_counts_unless_it_is_late(tmp_path: Path) -> None:
    monday = archive(tmp_path / "monday.zip", {"a_1_100_HW.ipynb": notebook("a1"), "b_2_101_HW.ipynb": notebook("b1")})
    friday = archive(
        tmp_path / "friday.zip", {"a_1_200_HW-1.ipynb": notebook("a2"), "b_LATE_2_201_HW-1.ipynb": notebook("b2")}
    )

    found = assembled(friday, monday)

    assert contents(found) == {"canvas-1": [notebook("a2")], "canvas-2": [notebook("b1")]}
    assert uses(found, "left out") == {
        "a_1_100_HW.ipynb": "an older attempt.",
        "b_LATE_2_201_HW-1.ipynb": "a newer attempt, which came too late.",
    }


def test_what_lies_among_the_files_of_a_download_is_placed_by_its_number_or_listed(tmp_path: Path) -> None:
    extra = {"2026000010_김바다.ipynb": notebook("mailed"), "notes.txt": b"x", ".DS_Store": b"x"}
    folder = hand_in(tmp_path / "in", {**downloads.CANVAS, **extra})

    source = gathered(folder)

    assert source.kind == "canvas"
    assert "2026000010" in {each.claim.owner.student_id for each in source.claims}
    assert {each.file: (each.use, each.why) for each in source.left} == {
        "notes.txt": ("not placed", "not named as in a Canvas download, and without a student number."),
        ".DS_Store": ("junk", ""),
    }


@pytest.mark.parametrize(
    "files",
    [
        ["hw_3_2_final.ipynb", "hw_3_3_final.ipynb"],
        ["HW2_2026000010_101_final.ipynb", "HW2_2026000011_102_final.ipynb"],
        ["2026000010_김하늘.ipynb", "2026000011_part_2.ipynb"],
        ["lab_1_100_a.ipynb", "lab_2_100_a.ipynb"],
    ],
)
def test_loose_files_that_look_a_little_like_canvas_are_not(tmp_path: Path, files: list[str]) -> None:
    assert gathered(hand_in(tmp_path / "in", dict.fromkeys(files, notebook("1")))).kind == "plain"


# ---- Moodle ----------------------------------------------------------------------------------------------------------


def test_a_moodle_download_with_folders_older_folders_and_flat(tmp_path: Path) -> None:
    path = archive(tmp_path / "DL-HW2-4242.zip", downloads.MOODLE)

    found = assembled(path)

    assert gathered(path).kind == "moodle"
    assert contents(found) == {
        "moodle-12": [notebook("ada")],
        "moodle-13": [notebook("older Moodle")],
        "moodle-14": [notebook("flat")],
    }
    assert found.owners["moodle-12"] == Enrolled("moodle-12", "Ada Invented", lms={"moodle": "12"}, listed=False)
    assert found.owners["moodle-14"].name == "Team_9"
    assert [file.name for file in found.submissions[0].attachments] == ["data/model.py", "onlinetext.html"]


def test_a_moodle_team_without_a_number_is_known_by_its_name_alone(tmp_path: Path) -> None:
    members = {"Default group_assignsubmission_file/HW2.ipynb": notebook("1")}

    (owner,) = assembled(archive(tmp_path / "hw.zip", members)).owners.values()

    assert (owner.name, owner.lms) == ("Default group", {})


def test_an_extracted_download_inside_another_folder_is_recognised(tmp_path: Path) -> None:
    outer = {f"DL-HW2-4242/{name}": content for name, content in downloads.MOODLE.items()}

    assert gathered(archive(tmp_path / "again.zip", outer)).kind == "moodle"
    assert gathered(hand_in(tmp_path / "folder", outer)).kind == "moodle"


# ---- Blackboard ------------------------------------------------------------------------------------------------------


def test_a_blackboard_download_counts_the_newest_attempt_and_reads_names_off_receipts(tmp_path: Path) -> None:
    path = archive(tmp_path / "gradebook_DL_HW2_2026-10-05-10-00-00.zip", downloads.BLACKBOARD)

    found = assembled(path)

    assert gathered(path).kind == "blackboard"
    assert contents(found) == {"ada": [notebook("second")], "ben_1": [notebook("ben")], "cy": []}
    assert found.owners["ben_1"] == Enrolled("ben_1", "Ben Invented", login="ben_1", listed=False)
    assert found.arrivals["ada"].handed_in == "2026-10-04T10:00:00+09:00"
    assert found.submissions[1].notebooks[0].name == "my_part 1.ipynb"
    assert found.submissions[2].unreadable  # only a receipt
    left = uses(found, "left out")
    assert left.pop("HW_2 (conv)_ada_attempt_2026-10-03-09-00-00_HW2.ipynb") == "an older attempt."
    assert sorted(left.values()) == ["Blackboard's receipt."] * 2 + ["an older attempt."]


def test_the_newest_attempt_in_time_counts(tmp_path: Path) -> None:
    path = archive(tmp_path / "gradebook.zip", downloads.BLACKBOARD)
    claims = [each for source in submissions.gather([path], zone=SEOUL) for each in source.claims]

    found = submissions.assemble(claims, lambda owner, arrival: arrival.handed_in < "2026-10-04")

    assert contents(found)["ada"] == [notebook("first")]
    assert "a newer attempt, which came too late." in uses(found, "left out").values()


def test_a_comment_after_handing_in_takes_no_notebook_back(tmp_path: Path) -> None:
    members = {
        "HW_ada_attempt_2026-10-03-09-00-00_HW2.ipynb": notebook("work"),
        "HW_ada_attempt_2026-10-03-10-00-00.txt": b"Name: Ada Invented (ada)\n",
        "HW_bo_attempt_2026-10-03-10-00-00_HW2.ipynb": notebook("bo"),
    }

    found = assembled(archive(tmp_path / "gradebook.zip", members))

    assert contents(found) == {"ada": [notebook("work")], "bo": [notebook("bo")]}
    assert list(uses(found, "left out").values()) == ["a newer attempt without a notebook."]


def test_logins_with_underscores_are_told_by_what_all_names_share(tmp_path: Path) -> None:
    members = {f"HW_2_{who}_attempt_2026-10-03-09-00-00_a.ipynb": notebook(who) for who in ("kim_h", "lee_j", "ada")}

    assert set(assembled(archive(tmp_path / "gradebook.zip", members)).owners) == {"kim_h", "lee_j", "ada"}


# ---- Brightspace -----------------------------------------------------------------------------------------------------


def test_a_brightspace_download_reads_times_without_a_colon(tmp_path: Path) -> None:
    path = archive(tmp_path / "HW2 Download Sep 26, 2026 1001 AM.zip", downloads.BRIGHTSPACE)

    found = assembled(path)

    assert gathered(path).kind == "brightspace"
    assert contents(found) == {
        "brightspace-397063": [notebook("midnight")],
        "brightspace-397064": [notebook("24 hours")],
    }
    assert found.owners["brightspace-397063"].name == "Mary-Ann Invented"
    assert found.arrivals["brightspace-397063"].handed_in == "2026-09-25T00:01:00+09:00"
    assert found.arrivals["brightspace-397064"].handed_in == "2026-09-24T21:26:00+09:00"
    assert [(each.file, each.use) for each in gathered(path).left] == [("index.html", "left out")]


def test_a_month_in_another_language_leaves_the_time_unknown(tmp_path: Path) -> None:
    members = {"1-2 - Ada Invented - Okt 24, 2026 2126 - HW2.ipynb": notebook("1")}

    (arrival,) = assembled(archive(tmp_path / "hw.zip", members)).arrivals.values()

    assert arrival == Arrival("", source="brightspace")


# ---- Gradescope, GitHub Classroom, nbgrader --------------------------------------------------------------------------


def test_a_gradescope_export_gives_a_group_its_submission_each(tmp_path: Path) -> None:
    members = {f"submission_{number}/HW2.ipynb": notebook(str(number)) for number in (11, 12, 13)}
    members = {"submission_metadata.yml": downloads.GRADESCOPE.encode(), **members}
    path = archive(
        tmp_path / "assignment_4242_export.zip",
        {f"assignment_4242_export/{name}": content for name, content in members.items()}
        | {"__MACOSX/assignment_4242_export/._submission_metadata.yml": b"x"},
    )

    found = assembled(path)

    assert gathered(path).kind == "gradescope"
    assert contents(found) == {
        "0100": [notebook("11")],
        "0101": [notebook("12")],
        "submission_13": [notebook("13")],
        "two@invented.example": [notebook("12")],
    }
    assert found.owners["0100"] == Enrolled(
        "0100", "Solo Invented", "0100", "", "solo@invented.example", {"gradescope": "11"}, listed=False
    )
    assert found.arrivals["0100"].handed_in == "2026-10-03T23:59:10.123456+09:00"
    assert found.arrivals["0101"].moment == found.arrivals["two@invented.example"].moment is not None


def test_metadata_that_no_gradescope_writes_are_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "submission_1:\n  :submitters:\n" + "  - :name: Ada\n" * 100_000
    folder = hand_in(
        tmp_path / "in", {"submission_1/HW.ipynb": notebook("1"), "submission_metadata.yml": told.encode()}
    )
    monkeypatch.setattr(documents, "load", lambda *_, **__: pytest.fail("that takes a minute"))

    assert gathered(folder).kind == "plain"


def test_clones_of_github_classroom_lose_the_assignment_from_their_names(tmp_path: Path) -> None:
    named = hand_in(tmp_path / "hw2-submissions", downloads.CLASSROOM)
    unnamed = hand_in(tmp_path / "clones", downloads.CLASSROOM)

    for folder in (named, unnamed):
        assert gathered(folder).kind == "github"
        assert contents(assembled(folder)) == {"ada": [notebook("ada")], "octo-cat": [notebook("octo")]}
    assert {each.file for each in gathered(named).left} == {"hw2-ada/.git", "hw2-octo-cat/.git"}


def test_nbgraders_folder_tells_students_assignments_and_times(tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "submitted", downloads.NBGRADER)

    source = gathered(folder)
    found = submissions.assemble(each for each in source.claims if each.claim.assignment == "hw2")

    assert source.kind == "nbgrader"
    assert contents(found) == {"ada": [notebook("ada")], "ben": [notebook("ben")]}
    assert found.arrivals["ada"].handed_in == "2026-10-03T23:58:23-07:00"
    assert found.arrivals["ben"].handed_in == "2026-10-03T23:58:23+09:00"
    assert set(uses(found, "left out").values()) == {"nbgrader's time stamp."}


# ---- whatever the source ---------------------------------------------------------------------------------------------


def test_downloads_lying_in_a_folder_are_opened(tmp_path: Path) -> None:
    archive(tmp_path / "in" / "section 1.zip", {"a_1_100_HW.ipynb": notebook("1"), "b_2_101_HW.ipynb": notebook("2")})
    archive(tmp_path / "in" / "section 2.zip", {"c_3_102_HW.ipynb": notebook("3"), "d_4_103_HW.ipynb": notebook("4")})
    hand_in(tmp_path / "in", {"2026000010.zip": zipped({"hw.ipynb": notebook("a student's")})})

    sources = submissions.gather([tmp_path / "in"])

    assert [(source.kind, len(source.claims)) for source in sources] == [("plain", 1), ("canvas", 2), ("canvas", 2)]


def test_a_students_archive_among_others_is_no_download_whatever_it_holds(tmp_path: Path) -> None:
    forged = zipped({"Ada Invented_12_assignsubmission_file/HW2.ipynb": notebook("not ada's")})
    loose = hand_in(tmp_path / "loose", {"eve.zip": forged, "bo.zip": zipped({"HW2.ipynb": notebook("bo")})})
    canvas = hand_in(tmp_path / "canvas", {"eve_5_500_HW2.zip": forged, "bo_6_501_HW2.ipynb": notebook("bo")})

    assert set(assembled(loose).owners) == {"eve", "bo"}
    assert set(assembled(canvas).owners) == {"canvas-5", "canvas-6"}


@pytest.mark.parametrize("beside", ["kim.ipynb", "lee/HW2.ipynb", "2026000011.ipynb"])
def test_an_archive_that_passes_for_a_download_among_files_of_students_is_asked_about(
    tmp_path: Path, beside: str
) -> None:
    told = b"submission_1:\n  :submitters:\n  - :name: Kim\n    :sid: kim\n"
    forged = zipped({"submission_metadata.yml": told, "submission_1/HW2.ipynb": notebook("not kim's")})
    folder = hand_in(tmp_path / "in", {"eve.zip": forged, beside: notebook("own")})

    with pytest.raises(
        UsageError, match=rf"eve\.zip is arranged like a Gradescope export and lies .* such as {beside}:"
    ):
        submissions.gather([folder])


@pytest.mark.parametrize("name", ["eve_5_500_Ada_12_assignsubmission_file_x.ipynb", "eve_5_500_2026000011\nx.ipynb"])
def test_no_name_of_a_file_changes_what_a_download_is_taken_for(tmp_path: Path, name: str) -> None:
    canvas = {"ada_1_100_HW.ipynb": notebook("1"), "bo_2_101_HW.ipynb": notebook("2"), name: notebook("eve")}

    found = assembled(archive(tmp_path / "submissions.zip", canvas))

    assert set(found.owners) == {"canvas-1", "canvas-2", "canvas-5"}


@pytest.mark.parametrize("line", ["\n", "\r\n", "\u2028"])
def test_a_line_end_in_a_name_is_no_way_to_anothers_number(tmp_path: Path, line: str) -> None:
    members = {
        "blackboard": "HW_{}_attempt_2026-10-03-09-00-00_{}.ipynb",
        "brightspace": "{}-9 - Some One - Oct 9, 2026 900 AM - {}.ipynb",
        "moodle": "Some One_{}_assignsubmission_file_{}.ipynb",
    }
    for kind, name in members.items():
        written = {name.format(7, "HW"): notebook("a"), name.format(8, "HW"): notebook("b")}
        written[name.format(9, f"2026000011{line}")] = notebook("eve")

        found = assembled(archive(tmp_path / f"{kind}.zip", written))

        assert len(found.owners) == 3
        assert "2026000011" not in found.owners


def test_a_students_own_time_stamp_makes_no_class_nbgraders(tmp_path: Path) -> None:
    members = {f"202600001{n}_Some/HW2.ipynb": notebook(str(n)) for n in range(3)}
    eve = {"2026000019_Eve/hw2/x.ipynb": notebook("eve"), "2026000019_Eve/hw2/timestamp.txt": b"2020-01-01 00:00:00"}

    found = assembled(hand_in(tmp_path / "in", {**members, **eve}))

    assert set(found.owners) == {"2026000010", "2026000011", "2026000012", "2026000019"}
    assert {each.handed_in for each in found.arrivals.values()} == {""}


def test_a_file_name_forges_no_time_and_no_owner(tmp_path: Path) -> None:
    blackboard = {
        "HW_eve_attempt_2026-10-09-09-00-00_ada_attempt_2026-10-01-09-00-00_x.ipynb": notebook("eve"),
        "HW_ada_attempt_2026-10-03-09-00-00_x.ipynb": notebook("ada"),
    }
    moodle = {"Eve_5_assignsubmission_file_Ada_12_assignsubmission_file_x.ipynb": notebook("eve")}
    brightspace = {"1-9 - Eve - Oct 9, 2026 900 AM - Ada - Oct 1, 2026 900 AM - x.ipynb": notebook("eve")}

    found = assembled(archive(tmp_path / "blackboard.zip", blackboard))
    dated = assembled(archive(tmp_path / "brightspace.zip", brightspace))

    assert set(found.owners) == {"ada", "eve"}
    assert found.arrivals["eve"].handed_in == "2026-10-09T09:00:00+09:00"
    assert set(assembled(archive(tmp_path / "moodle.zip", moodle)).owners) == {"moodle-5"}
    assert [each.handed_in for each in dated.arrivals.values()] == ["2026-10-09T09:00:00+09:00"]


@pytest.mark.parametrize("name", ["eve_340934_999_55_777_HW.ipynb", "eve_340934_999_LATE_55_777_HW.ipynb"])
def test_a_display_name_takes_over_nobodys_canvas_id(tmp_path: Path, name: str) -> None:
    members = {"ada_340934_100_HW.ipynb": notebook("ada"), name: notebook("eve")}

    found = assembled(archive(tmp_path / "submissions.zip", members))

    assert contents(found) == {"canvas-340934": [notebook("ada")], "canvas-340934-or-55": [notebook("eve")]}
    assert found.owners["canvas-340934-or-55"].lms == {}


def test_the_instructor_may_say_what_a_source_is(tmp_path: Path) -> None:
    one = archive(tmp_path / "in.zip", {"ada_1_7_HW.ipynb": notebook("1"), "bo_2_8_HW.ipynb": notebook("2")})
    moodle = archive(tmp_path / "moodle.zip", downloads.MOODLE)

    (as_found,), (as_plain,) = submissions.gather([moodle]), submissions.gather([moodle], kind="plain")
    (canvas,) = submissions.gather([one], kind="canvas")

    assert gathered(one).kind == "plain"
    assert {each.claim.owner.lms["canvas"] for each in canvas.claims} == {"1", "2"}
    assert (as_found.kind, as_plain.kind) == ("moodle", "plain")
    with pytest.raises(UsageError, match=r"in\.zip is not arranged like a Moodle download; leave out --source"):
        submissions.gather([one], kind="moodle")


def test_the_command_line_names_every_kind_of_source() -> None:
    assert set(SOURCES) == set(TITLES)


DOWNLOADS = {
    "canvas": downloads.CANVAS,
    "moodle": downloads.MOODLE,
    "blackboard": downloads.BLACKBOARD,
    "brightspace": downloads.BRIGHTSPACE,
    "nbgrader": downloads.NBGRADER,
}


def everything(source: Gathered) -> set[str]:
    return {each.file for each in source.left} | {"/".join(each.claim.origin) for each in source.claims}


@pytest.mark.parametrize("kind", DOWNLOADS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_no_file_of_a_download_is_lost_in_either_form_of_hangul(
    tmp_path: Path, kind: str, form: Literal["NFC", "NFD"]
) -> None:
    members = {unicodedata.normalize(form, name): content for name, content in DOWNLOADS[kind].items()}

    source = gathered(archive(tmp_path / "in.zip", members))

    assert source.kind == kind
    assert {unicodedata.normalize("NFC", name) for name in everything(source)} == set(DOWNLOADS[kind])
    assert all(unicodedata.is_normalized("NFC", each.claim.owner.student_id) for each in source.claims)


@pytest.mark.parametrize("kind", ["canvas", "moodle"])
def test_a_download_zipped_again_in_the_korean_code_page_is_read(tmp_path: Path, kind: str) -> None:
    members, written = DOWNLOADS[kind], {}
    for number, (name, content) in enumerate(members.items()):
        written[chr(ord("a") + number) * len(name.encode("cp949"))] = (name, content)
    data = zipped({name: content for name, (_, content) in written.items()})
    for placeholder, (name, _) in written.items():
        data = data.replace(placeholder.encode(), name.encode("cp949"))
    path = tmp_path / "in.zip"
    path.write_bytes(data)

    source = gathered(path)

    assert source.kind == kind
    assert everything(source) == set(members)


@given(
    st.lists(
        st.text("ab_-. 012이가\u0301()/\n", min_size=1, max_size=30).map(lambda name: f"{name}.ipynb"),
        min_size=1,
        max_size=6,
        unique=True,
    ),
    st.sampled_from(["", "x_1_123_", "A_1_assignsubmission_file_", "h_u_attempt_2026-10-03-09-00-00_", "1-2 - n - "]),
)
def test_every_layout_claims_only_files_that_are_there_and_gives_every_claim_an_owner(
    names: list[str], prefix: str
) -> None:
    found = [FoundFile(tuple(filter(None, f"{prefix}{name}".split("/")))) for name in names]
    source = Source("in", [file for file in found if file.parts], re.compile(DEFAULT_PATTERN))

    known = of_lms(source)

    claims: Iterable[submissions.Claim] = known.claims if known else []
    assert {claim.origin for claim in claims} <= {file.parts for file in source.files}
    assert all(claim.owner.student_id and claim.file.parts for claim in claims)


@given(st.dictionaries(st.sampled_from(sorted(downloads.BLACKBOARD)), st.binary(max_size=40), min_size=1))
def test_no_content_of_a_receipt_is_an_error(members: Mapping[str, bytes]) -> None:
    source = Source("in", [FoundFile((name,), content) for name, content in members.items()], re.compile("x"))

    known = of_lms(source)

    assert known is not None and len(known.claims) == len(members)


@given(st.binary(max_size=200) | st.text(" :-\nsubmiter_1{}[]'\"&*", max_size=200).map(str.encode))
def test_no_metadata_is_an_error(content: bytes) -> None:
    files = [FoundFile(("submission_metadata.yml",), content), FoundFile(("submission_1", "a.ipynb"), b"x")]

    known = of_lms(Source("in", files, re.compile(DEFAULT_PATTERN)))

    assert known is None or known.kind == "gradescope"
