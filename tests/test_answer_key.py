"""The reference as a session."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from grader.answer_key import AnswerKey
from grader.errors import AnswerKeyError, RubricError
from grader.probes import Layer, Probe, Raised, Returned, Version

ROOT = Path(__file__).parents[1]
X = torch.arange(12.0).reshape(3, 4)
K = torch.tensor([[1.0, -1.0]])


@pytest.fixture
def key() -> AnswerKey:
    return AnswerKey(ROOT, "hw2_cnn")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnswerKey]:
    """A course of its own, whose reference counts its calls, draws numbers and can fail."""
    package = tmp_path / "reference" / "small"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package.parent / "__init__.py").touch()
    (package / "solutions.py").write_text(
        "import random, numpy, torch\n"
        "calls = []\n"
        "def f(x, y=0):\n    calls.append(x)\n    return x * 10 + y\n"
        "def draw():\n    return torch.rand(2), random.random(), numpy.random.rand()\n"
        "def careless():\n    torch.set_default_dtype(torch.float64)\n"
        "def fails():\n    raise ValueError('no')\n"
        "def opaque():\n    return object()\n"
        "pair = (1, 2)\n"
    )
    (package / "inputs.py").write_text(
        "import torch\n"
        "class Made:\n    def __init__(self, *args): self.args, self.kwargs = args, {}\n"
        "def draws(generator, case):\n    return Made(torch.randn(2, generator=generator), case)\n"
        "def runs_out(generator, case):\n    return Made((1, 2)[case])\n"
        "def bare(generator, case):\n    return (1, 2)\n"
    )
    (package / "stand_ins.py").write_text("def f(x): return x * 10\nSTAND_INS = {'f': f}\n")
    (package / "misconceptions.py").write_text(
        "def once(x, y=0):\n    '''It is ten times\n    too small.'''\n    return x\n"
        "def fails(x, y=0):\n    '''It raises.'''\n    raise KeyError(x)\n"
        "def threes():\n    '''All are three.'''\n    return {'pair': (3, 3)}\n"
        "def second():\n    '''The second is another.'''\n    return {'pair': (1, 9)}\n"
        "MISCONCEPTIONS = {'f': (once, fails), 'pair': (threes, second), 'f, pair': (threes,)}\n"
        "VALUES = {'pair', 'f, pair'}\n"
    )
    ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "reference"}
    for name in ours:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield AnswerKey(tmp_path, "small")
    for name in [name for name in sys.modules if name.split(".")[0] == "reference"]:
        del sys.modules[name]
    sys.modules.update(ours)


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_the_reference_answers_a_call(key: AnswerKey) -> None:
    (observation,) = key.ask([Probe("call", "corr2d", (X, K))])

    assert isinstance(observation, Returned)
    assert torch.equal(observation.value, -torch.ones(3, 3))


def test_what_comes_back_is_a_plain_tensor_without_a_graph(key: AnswerKey) -> None:
    (observation,) = key.ask(
        [Probe("call", "comp_conv2d", (Layer("Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": 1}), X))]
    )

    assert isinstance(observation, Returned)
    assert type(observation.value) is torch.Tensor
    assert not observation.value.requires_grad


def test_names_that_belong_together_are_looked_at_together(key: AnswerKey) -> None:
    (observation,) = key.ask([Probe("evaluate", "X, K", options={"expression": "corr2d(X, K).shape[0]"})])

    assert observation == Returned(6)


def test_a_number_behind_the_name_picks_one_of_several(key: AnswerKey) -> None:
    image = torch.randn(1, 1, 4, 4, generator=torch.Generator().manual_seed(0))

    (observation,) = key.ask([Probe("call", "LIBRARY_POOLING@0", (image,))])

    assert isinstance(observation, Returned)
    assert torch.equal(observation.value, nn.MaxPool2d(3)(image))


def test_the_reference_defines_everything_once(key: AnswerKey) -> None:
    assert key.versions("corr2d") == [Version(1, "definition")]


def test_a_reference_that_fails_is_never_the_students_fault(small: AnswerKey) -> None:
    with pytest.raises(
        AnswerKeyError, match=r"the reference's fails fails on question 'call': it raised ValueError: no"
    ):
        list(small.ask([Probe("call", "fails")]))


def test_a_name_the_reference_lacks_is_the_instructors_mistake(key: AnswerKey) -> None:
    with pytest.raises(AnswerKeyError, match=r"AlexNet is not in reference\w*\.hw2_cnn\.solutions"):
        list(key.ask([Probe("call", "AlexNet")]))
    with pytest.raises(AnswerKeyError, match=r"rubric.yaml has an item about it; did you mean 'corr2d'\?$"):
        list(key.ask([Probe("call", "cor2d")]))


def test_a_course_without_its_reference_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match=r"reference/hw9/solutions\.py is missing"):
        AnswerKey(tmp_path, "hw9")


def test_an_answer_is_computed_once(small: AnswerKey) -> None:
    probe = Probe("call", "f", (3,))

    first, second = [*small.ask([probe]), *small.ask([replace(probe)])]
    (calls,) = small.ask([Probe("state", "calls")])

    assert first == second == Returned(30)
    assert calls == Returned([3])


@pytest.mark.parametrize(
    ("changes", "value"),
    [({"args": (4,)}, 40), ({"kwargs": {"y": 1}}, 31), ({"args": (3.0,)}, 30.0)],
    ids=["argument", "keyword", "type"],
)
def test_another_probe_is_another_answer(small: AnswerKey, changes: dict[str, object], value: float) -> None:
    probe = Probe("call", "f", (3,))
    list(small.ask([probe]))

    (observation,) = small.ask([replace(probe, **changes)])  # type: ignore[arg-type]

    assert observation == Returned(value)
    assert type(observation.value) is type(value)


def test_the_students_stand_ins_do_not_change_the_reference(small: AnswerKey) -> None:
    probe = Probe("call", "f", (3,))
    list(small.ask([probe]))

    list(small.ask([replace(probe, stand_ins={"f": "def f(x): ..."})]))

    assert list(small.ask([Probe("state", "calls")])) == [Returned([3])]


def test_asking_leaves_this_process_as_it_was(small: AnswerKey) -> None:
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)
    expected = (torch.rand(1).item(), random.random(), np.random.rand())
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)

    list(small.ask([Probe("call", "draw", seed=5), Probe("call", "careless")]))
    list(small.misconceptions([Probe("call", "f", (1,), seed=5)]))
    for _, answers in small.misconceptions([Probe("call", "f", (2,), seed=5)]):
        list(answers)

    assert (torch.rand(1).item(), random.random(), np.random.rand()) == expected
    assert torch.get_default_dtype() == torch.float32


def test_asking_leaves_the_default_dtype_as_it_was(small: AnswerKey) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        list(small.ask([Probe("call", "f", (1,))]))
        for _, answers in small.misconceptions([Probe("call", "f", (1,))]):
            list(answers)
        drawn = small.case("draws", 3, 0)[0][0]

        assert torch.get_default_dtype() == torch.float64
        assert drawn.dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)


def test_the_seed_of_a_probe_decides_what_is_drawn(small: AnswerKey) -> None:
    one, again, two = small.ask(
        [Probe("call", "draw", seed=seed, options={"n": n}) for seed, n in ((1, 0), (1, 1), (2, 2))]
    )

    assert isinstance(one, Returned)
    assert isinstance(again, Returned)
    assert isinstance(two, Returned)
    assert torch.equal(one.value[0], again.value[0])
    assert one.value[1:] == again.value[1:]
    assert one.value[1:] != two.value[1:]


def test_a_seed_beyond_32_bits_is_no_trouble(small: AnswerKey) -> None:
    assert all(isinstance(each, Returned) for each in small.ask([Probe("call", "draw", seed=2**48 - 1)]))


# ---- cases and seeds -------------------------------------------------------------------------------------------------


def test_a_case_is_drawn_from_its_seed(key: AnswerKey) -> None:
    (image, kernel), kwargs, forward = key.case("corr2d_inputs", 7, 0)
    (again, _), _, _ = key.case("corr2d_inputs", 7, 0)
    (other, _), _, _ = key.case("corr2d_inputs", 8, 0)

    assert (image.shape, kernel.shape, kwargs, forward) == ((4, 5), (2, 3), {}, None)
    assert torch.equal(image, again)
    assert not torch.equal(image, other)


def test_a_case_does_not_depend_on_what_was_asked_before(key: AnswerKey) -> None:
    before = key.case("comp_conv2d_inputs", 7, 0)[0][1]
    args, kwargs, inputs = key.case("conv2d_inputs", 7, 0)
    probe = Probe("module", "Conv2D", args, kwargs, 7, {"inputs": list(inputs), "dtype": "float64"})

    list(key.ask([probe]))
    for _, answers in key.misconceptions([probe]):
        list(answers)

    after = key.case("comp_conv2d_inputs", 7, 0)[0][1]
    assert after.dtype == before.dtype == torch.float32
    assert torch.equal(after, before)


def test_a_layer_among_the_arguments_travels_as_its_name(key: AnswerKey) -> None:
    (layer, _), _, _ = key.case("comp_conv2d_inputs", 7, 0)

    assert layer == Layer("Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": 3, "padding": 1}, 7)


def test_a_module_case_has_inputs_of_forward(key: AnswerKey) -> None:
    args, _, inputs = key.case("residual_identity_inputs", 7, 0)

    assert args == (3,)
    assert [each.shape for each in inputs] == [(4, 3, 6, 6)]


def test_a_generator_that_is_not_there_is_a_mistake_in_the_rubric(key: AnswerKey) -> None:
    with pytest.raises(RubricError, match=r"inputs: 'corr2d_input' is not in reference\.hw2_cnn\.inputs"):
        key.case("corr2d_input", 0, 0)


@pytest.mark.parametrize(
    ("generator", "told"),
    [
        (
            "runs_out",
            r"generator runs_out fails at case 2: IndexError: tuple index out of range \(inputs\.py, line 7\)",
        ),
        ("bare", r"generator bare gives a value of type tuple; give Arguments"),
    ],
)
def test_a_generator_that_fails_is_told_in_one_line(small: AnswerKey, generator: str, told: str) -> None:
    with pytest.raises(AnswerKeyError, match=told):
        small.case(generator, 0, 2)


def test_hidden_seeds_repeat_and_nobody_else_can_compute_them() -> None:
    public = AnswerKey(ROOT, "hw2_cnn")
    hidden, again, other = (AnswerKey(ROOT, "hw2_cnn", secret=secret) for secret in (b"a", b"a", b"b"))
    names = [(name, number) for name in ("corr2d-values", "lenet-forward") for number in range(10)]

    seeds = [[key.seed(*name) for name in names] for key in (public, hidden, again, other)]

    assert seeds[1] == seeds[2]
    assert len({*seeds[0], *seeds[1], *seeds[3]}) == 60


# ---- misconceptions, stand-ins, fingerprint --------------------------------------------------------------------------


def test_a_misconception_has_a_sentence_and_answers(small: AnswerKey) -> None:
    probes = [Probe("call", "f", (number,)) for number in (1, 2)]

    found = list(small.misconceptions(probes))

    assert found[0] == ("It is ten times too small.", [Returned(1), Returned(2)])
    text, observations = found[1]
    assert text == "It raises."
    assert [type(each) for each in observations] == [Raised, Raised]


def test_a_target_without_misconceptions_has_none(small: AnswerKey) -> None:
    assert list(small.misconceptions([Probe("call", "draw")])) == []


def test_a_misconception_is_not_mistaken_for_the_reference(small: AnswerKey) -> None:
    probe = Probe("call", "f", (1,))

    list(small.misconceptions([probe]))

    assert list(small.ask([probe])) == [Returned(10)]


def test_a_misconceived_value_is_made_by_its_function(small: AnswerKey) -> None:
    found = dict(small.misconceptions([Probe("state", "pair")]))

    assert found == {"All are three.": [Returned((3, 3))], "The second is another.": [Returned((1, 9))]}


def test_a_number_picks_one_of_a_misconceived_value(small: AnswerKey) -> None:
    found = dict(small.misconceptions([Probe("state", "pair@1"), Probe("state", "pair@0")]))

    assert found == {"All are three.": [Returned(3)] * 2, "The second is another.": [Returned(9), Returned(1)]}


def test_around_a_misconceived_value_stand_the_names_of_the_reference(small: AnswerKey) -> None:
    found = list(small.misconceptions([Probe("evaluate", "f, pair", options={"expression": "f(pair[0])"})]))

    assert found == [("All are three.", [Returned(30)])]


def test_a_misconceived_value_leaves_the_reference_as_it_is(small: AnswerKey) -> None:
    list(small.misconceptions([Probe("state", "pair")]))

    assert list(small.ask([Probe("state", "pair")])) == [Returned((1, 2))]


def test_a_reference_whose_misconceptions_are_all_definitions_need_not_say_so(
    small: AnswerKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("reference.small.misconceptions.VALUES")

    key = AnswerKey(Path(sys.path[0]), "small")

    assert next(iter(key.misconceptions([Probe("call", "f", (1,))]))) == ("It is ten times too small.", [Returned(1)])


def test_a_stand_in_is_source_text_that_runs_by_itself(key: AnswerKey) -> None:
    source = key.stand_in("corr2d")
    assert source is not None
    namespace: dict[str, object] = {"torch": torch, "nn": nn}

    exec(source, namespace)

    corr2d = namespace["corr2d"]
    assert callable(corr2d)
    assert torch.equal(corr2d(X, K), -torch.ones(3, 3))


def test_a_helper_nobody_builds_on_has_no_stand_in(key: AnswerKey) -> None:
    assert key.stand_in("LeNet") is None


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def f(:\n", r"SyntaxError: .*\(solutions\.py, line 1\)"),
        ("x = 1\ny = x + z\n", r"NameError: name 'z' is not defined \(solutions\.py, line 2\)"),
        ("import a_library_that_nobody_has\n", "a_library_that_nobody_has"),
    ],
)
def test_a_reference_that_cannot_be_loaded_is_told_in_one_line(tmp_path: Path, source: str, told: str) -> None:
    reference = tmp_path / "reference" / "hw1"
    reference.mkdir(parents=True)
    (reference / "solutions.py").write_text(source)

    with pytest.raises(RubricError, match=told) as raised:
        AnswerKey(tmp_path, "hw1")

    assert "\n" not in str(raised.value)


def test_a_table_that_is_missing_is_told_in_one_line(tmp_path: Path) -> None:
    reference = tmp_path / "reference" / "hw1"
    reference.mkdir(parents=True)
    for part in ("solutions", "inputs", "stand_ins"):
        (reference / f"{part}.py").write_text("STAND_IN = {}\n")

    with pytest.raises(RubricError, match=r"reference/hw1/stand_ins\.py has no table STAND_INS"):
        AnswerKey(tmp_path, "hw1")
