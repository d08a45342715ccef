"""The log: lines of JSON, the student they are about, records of worker processes."""

from __future__ import annotations

import json
import logging
import pickle
from pathlib import Path

import pytest

from grader import cli, logs
from grader.errors import UsageError

LOG = logging.getLogger("grader.tests")


@pytest.fixture(autouse=True)
def _as_before() -> object:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logs.STAGES.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logs.STAGES.setLevel(before[2])


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_has_time_level_logger_message_and_the_student(tmp_path: Path) -> None:
    with logs.written("ERROR", tmp_path / "log"), logs.about("ada"):
        LOG.info("%d cells\nand \x1b[2J", 3)

    (line,) = lines(tmp_path / "log")
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "INFO", "logger": "grader.tests", "message": "3 cells\nand \x1b[2J", "student": "ada"}
    assert "\x1b" not in (tmp_path / "log").read_text()


def test_a_traceback_is_part_of_its_line(tmp_path: Path) -> None:
    with logs.written("ERROR", tmp_path / "log"):
        try:
            raise ValueError("ours")
        except ValueError:
            LOG.exception("the check failed")

    (line,) = lines(tmp_path / "log")
    assert "student" not in line
    assert line["traceback"].endswith("ValueError: ours")


def test_lines_are_added_to_a_log(tmp_path: Path) -> None:
    for number in range(2):
        with logs.written("ERROR", tmp_path / "log"):
            LOG.warning("run %d", number)

    assert [line["message"] for line in lines(tmp_path / "log")] == ["run 0", "run 1"]


def test_the_file_does_not_change_what_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logs.written("WARNING", tmp_path / "log"):
        LOG.info("for the file")
        LOG.warning("for both")

    assert capsys.readouterr().err == "grader.tests: for both\n"
    assert len(lines(tmp_path / "log")) == 2


def test_a_record_of_a_worker_travels_with_its_student(tmp_path: Path) -> None:
    sent: list[bytes] = []
    logs.relay(lambda record: sent.append(pickle.dumps(record)), logging.INFO)
    with logs.about("bo"):
        LOG.info("%s", Path("of the worker"))
        logs.stage("checking")

    logging.getLogger().handlers.clear()  # from here on this process is the driver
    with logs.written("ERROR", tmp_path / "log"):
        for record in sent:
            logs.relayed(pickle.loads(record))

    told = [(line["student"], line["logger"], line["message"]) for line in lines(tmp_path / "log")]
    assert told == [("bo", "grader.tests", "of the worker"), ("bo", "grader.stages", "checking")]


def test_stages_are_sent_whatever_the_level() -> None:
    sent: list[logging.LogRecord] = []

    logs.relay(sent.append, logging.ERROR)
    LOG.info("not asked for")
    logs.stage("checking")

    assert [record.getMessage() for record in sent] == ["checking"]


def test_a_driver_that_has_gone_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    def closed(record: logging.LogRecord) -> None:
        raise BrokenPipeError

    logs.relay(closed, logging.INFO)
    LOG.info("to nobody")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("level", "file"), [("LOUD", None), ("INFO", Path("/nonexistent/log"))])
def test_a_bad_level_or_file_is_said_in_one_line(level: str, file: Path | None) -> None:
    with pytest.raises(UsageError, match=r"LOUD is no level|cannot be written"):
        with logs.written(level, file):
            pass


def test_every_command_takes_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rescore", "--out", str(tmp_path / "none"), "--log", str(tmp_path / "log")]) != 0
    assert (tmp_path / "log").exists()
