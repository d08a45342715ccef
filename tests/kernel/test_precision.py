"""What a notebook sets for float32 neither makes an answer less exact nor ends in an error, and is put back.

Settings of a whole process, some of which torch can be given but not asked for: everything is tried in processes of
their own, each forked before torch has started a thread.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

IN_PROCESSES = """
import json, operator, os, sys
import torch
from grader.kernel.inside import precision

def told(ask):
    try:
        return ask()
    except RuntimeError:
        return "torch refuses"

def settings():
    b = torch.backends
    found = {}
    for place in ("", "cuda.matmul", "cudnn", "cudnn.conv", "cudnn.rnn", "mkldnn", "mkldnn.matmul", "mkldnn.conv"):
        try:
            found[place] = operator.attrgetter(f"{place}.fp32_precision".lstrip("."))(b)
        except AttributeError:
            pass  # before torch 2.9
    older = {"allow_tf32 of cuda.matmul": lambda: b.cuda.matmul.allow_tf32, "allow_tf32 of cudnn": lambda: b.cudnn.allow_tf32,
             "float32_matmul_precision": torch.get_float32_matmul_precision}
    return {**found, **{name: told(ask) for name, ask in older.items()}}

def forked(statement):
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            exec(statement)
            found = [settings()]
            put_back = precision.kept()
            precision.exact()
            found.append(settings())
            put_back()
            found.append(settings())
            for precision.TF32 in (False, True):
                with precision.chosen(torch.device("cuda")):
                    found.append(settings())
                found.append(settings())
            with precision.chosen(torch.device("cpu")):
                found.append(settings())
        except BaseException as error:
            found = repr(error)
        os.write(writing, json.dumps(found).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        return json.loads(pipe.read())

print(json.dumps([forked(statement) for statement in json.loads(sys.argv[1])]))
"""
NEWER = hasattr(torch.backends.cuda.matmul, "fp32_precision")
SETTINGS = (
    "pass",
    "torch.set_float32_matmul_precision('high')",
    "torch.set_float32_matmul_precision('medium')",
    "torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True",
    "torch.backends.cudnn.allow_tf32 = False",
    "torch.backends.fp32_precision = 'tf32'",
    "torch.backends.fp32_precision = 'ieee'",
    "torch.backends.cuda.matmul.fp32_precision = 'tf32'",
    "torch.backends.cudnn.fp32_precision = 'ieee'",
    "torch.backends.cudnn.conv.fp32_precision = 'tf32'",
    "torch.backends.mkldnn.fp32_precision = 'bf16'",
    "torch.set_float32_matmul_precision('high'); torch.backends.cuda.matmul.fp32_precision = 'ieee'",
)
EXACT = {"allow_tf32 of cuda.matmul": False, "allow_tf32 of cudnn": False, "float32_matmul_precision": "highest"}
OPERATIONS = ("cuda.matmul", "cudnn.conv", "cudnn.rnn", "mkldnn.matmul", "mkldnn.conv")


@pytest.fixture(scope="module")
def found() -> dict[str, list[dict[str, object]]]:
    """By what a notebook sets: the settings then, when exact, put back, and as chosen with TF32 off and on."""
    statements = [each for each in SETTINGS if NEWER or "fp32_precision" not in each]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_PROCESSES, json.dumps(statements)],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(statements, json.loads(ran.stdout), strict=True))


@pytest.mark.parametrize("statement", SETTINGS)
def test_float32_is_exact_whatever_a_notebook_sets(found: dict[str, list[dict[str, object]]], statement: str) -> None:
    if statement not in found:
        pytest.skip("this torch has no fp32_precision: 2.9 and newer do")
    before, exact, after, *_ = found[statement]

    assert {name: exact[name] for name in EXACT} == EXACT
    if NEWER:
        assert {exact[name] for name in OPERATIONS} <= {"ieee", "none"}
        assert {exact[name] for name in OPERATIONS if name.startswith("cud")} == {"ieee"}
    assert after == before


@pytest.mark.parametrize("statement", SETTINGS)
def test_a_card_trains_as_chosen_and_then_all_is_as_before(
    found: dict[str, list[dict[str, object]]], statement: str
) -> None:
    if statement not in found:
        pytest.skip("this torch has no fp32_precision: 2.9 and newer do")
    before, _, _, off, after_off, on, after_on, on_the_processor = found[statement]

    assert before == off == after_off == after_on == on_the_processor
    assert (on["allow_tf32 of cuda.matmul"], on["allow_tf32 of cudnn"]) == (True, True)
    if NEWER:
        assert {on["cuda.matmul"], on["cudnn.conv"]} == {"tf32"}
        assert {on["mkldnn.matmul"], on["mkldnn.conv"]} <= {"ieee", "none"}
