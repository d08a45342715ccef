"""What the command line says of machines before any of them is asked."""

from __future__ import annotations

import importlib.util
import socket
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from grader import checks, cli, rubric
from grader.commands import doctor, machines

ROOT = Path(__file__).parents[2]

with_ray = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="no Ray: make setup would run this")


def told(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    code = cli.main(["grade", str(ROOT / "examples/submissions"), "--out", "nowhere", *options])
    return code, capsys.readouterr().err


@pytest.fixture
def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def hidden(name: str, package: str | None = None) -> Any:
        return None if name == "ray" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", hidden)


@with_ray
def test_an_address_where_nothing_listens_is_one_line_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()

    code, line = told(
        capsys, *("--runner", "ray", "--address", f"127.0.0.1:{port}", "--out", str(tmp_path), "--device", "cpu")
    )

    assert code == 3
    assert f"grader: nothing answers at 127.0.0.1:{port} (Connection refused); start the cluster's head" in line
    assert time.monotonic() - began < 60  # Ray alone tries for minutes


def test_without_ray_one_line_says_what_to_install(without_ray: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, line = told(capsys, "--runner", "ray")

    assert code == 2
    assert line == "grader: --runner ray needs Ray: run `pip install 'convgrader[ray]'`\n"


def test_an_address_without_ray_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    line = "grader: --address is of a Ray cluster: give --runner ray as well\n"

    assert told(capsys, "--address", "auto") == (2, line)


@with_ray
def test_a_card_of_this_machine_is_none_of_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    line = "grader: --device cuda:1 names a card of this machine; with --runner ray give cuda\n"

    assert told(capsys, "--runner", "ray", "--device", "cuda:1") == (2, line)


def test_doctor_says_nothing_of_ray_where_it_is_not(without_ray: None) -> None:
    assert "ray" not in {line.name for line in doctor.examine()}


@with_ray
def test_doctor_names_the_version_of_ray() -> None:
    lines = {line.name: line.text for line in doctor.examine()}

    assert lines["ray"].startswith(f"{version('ray')}: ")


def test_what_was_handed_out_is_known_to_whoever_grades(tmp_path: Path) -> None:
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    (tmp_path / "torn.ipynb").write_text("{", encoding="utf-8")

    assert "### Discussion 7.2" in machines.handed_out(assignment)
    assert machines.handed_out(replace(assignment, notebooks=tmp_path)) == frozenset()
