"""What the command line says of itself: a mistake is one line, and every command's help tells alike what can be given."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from grader import cli

PARSER, COMMANDS = cli.parser()


def options() -> Iterator[tuple[str, argparse.Action]]:
    """Every option and argument of every command."""
    for name, parser in COMMANDS.items():
        yield from ((name, action) for action in parser._actions if action.dest != "help")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gradee"], "grader: no command is called 'gradee'; did you mean 'grade'? (`grader --help` says more)"),
        (["grade"], "grader grade: the following arguments are required: PATH (`grader grade --help` says more)"),
        (["review", "--prot", "1"], "grader review: there is no argument '--prot'; did you mean '--port'?"),
        (["report", "hw2-cnn"], "grader report: there is no argument 'hw2-cnn' ("),
        (["export", "cavnas"], "grader export: argument FORMAT: invalid choice: 'cavnas'"),
        (["verify", "--workers", "0"], "grader verify: argument --workers: '0' is no number above 0"),
    ],
)
def test_a_mistake_is_one_line_that_says_where_help_is(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)

    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert error.startswith(told)
    assert len(error.splitlines()) == 1


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2

    assert "grade submissions and write the gradebook" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["grade", "check"])
def test_on_another_system_what_needs_linux_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert cli.main([command, "hw.ipynb"]) == 3

    error = capsys.readouterr().err
    assert "this command needs Linux" in error and "from grader import check" in error
    assert len(error.splitlines()) == 1


def test_where_modules_of_unix_are_missing_any_command_says_so_in_one_line() -> None:
    code = "import sys; sys.modules['fcntl'] = None; from grader import cli; sys.exit(cli.main(['history', 'ada']))"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ended.returncode == 3
    assert ended.stderr.startswith("grader: this command needs Linux") and len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_begins_with_what_it_does(name: str) -> None:
    description = COMMANDS[name].description

    assert description and description[0].isupper() and description.endswith(".")


def test_the_examples_in_the_help_can_be_given() -> None:
    shown = [
        shlex.split(line, posix=True)
        for parser in COMMANDS.values()
        for line in (parser.epilog or "").splitlines()
        if "grader" in line
    ]
    examples = [words for words in shown if words[:1] == ["grader"]]

    assert len(examples) > 20
    for _, *words in examples:
        PARSER.parse_args(words)


def test_every_option_tells_what_it_is_for_and_what_it_is_otherwise() -> None:
    silent = [f"{name} {action.dest}" for name, action in options() if not action.help]
    untold = [
        f"{name} {action.dest}"
        for name, action in options()
        if action.default not in (None, False, "", 0, []) and f"({action.default})" not in (action.help or "")
    ]

    assert not silent
    assert not untold


def test_an_option_that_several_commands_have_takes_the_same_everywhere() -> None:
    forms: dict[str, set[object]] = {}
    for _, action in options():
        for option in action.option_strings:
            forms.setdefault(option, set()).add(action.metavar or (action.nargs == 0))

    # An accuracy is calibrated on one card or none; `doctor --sandbox` asks about the sandboxes that others choose from.
    assert {option for option, found in forms.items() if len(found) > 1} == {"--device", "--sandbox"}


def test_what_is_to_be_filled_in_stands_in_capitals() -> None:
    small = [
        f"{name} {action.dest}"
        for name, action in options()
        if not action.choices and action.nargs != 0 and str(action.metavar) != str(action.metavar).upper()
    ]

    assert small == ["grade device"]  # its metavar are the words themselves


def test_a_terminal_that_lacks_letters_gets_them_as_escapes() -> None:
    poor = {**os.environ, "PYTHONIOENCODING": "ascii"}

    ran = subprocess.run([sys.executable, "-m", "grader", "report", "--help"], env=poor, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    assert "\\ud55c\\uad6d\\uc5b4" in ran.stdout


def test_who_presses_ctrl_c_before_anything_began_reads_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "parser", pressed)

    assert cli.main(["grade", "x"]) == 130
    assert capsys.readouterr().err == "grader: stopped; what was finished is kept\n"
