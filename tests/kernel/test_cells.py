"""Cells run as they do in Jupyter, though there is no front end: each of these ends well, so the next statement runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.kernel.cells import Script
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.probes import Probe, Returned
from grader.records import Limits

LIMITS = Limits(cell_s=10, probe_s=2, total_s=60)

CELLS = {
    "await": "import asyncio\nawait asyncio.sleep(0)",
    "a task": "import asyncio\ntask = asyncio.create_task(asyncio.sleep(0))\nawait task",
    "async with": "class Around:\n  async def __aenter__(self): pass\n  async def __aexit__(self, *_): pass\n"
    "async with Around():\n  pass",
    "pictures": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "sharp pictures": "%config InlineBackend.figure_format = 'retina'",
    "windows": "%matplotlib agg",
    "shell": "!echo hello\nlisted = !ls /\nassert 'usr' in listed",
    "another language": "get_ipython().run_cell_magic('bash', '', 'echo hello > said.txt')\nassert open('said.txt').read()",
    "captured": "from IPython.utils.capture import capture_output\nwith capture_output() as told:\n  print(1)",
    "help": "sum?",
    "source": "import torch\ntorch.nn.Linear??",
    "a front end's magic": "%autosave 60",
    "display": "from IPython.display import HTML, clear_output, display\ndisplay(HTML('<b>x</b>'))\nclear_output(wait=True)",
    "history": "In[-1]\nOut\n_\n__",
    "timing": "%timeit -n 1 -r 1 sum([1])\n%time sum([1])",
    "the last value": "1 + 1\nassert _ != 3",
    "pickled": "import pickle\nclass Own: pass\nassert type(pickle.loads(pickle.dumps(Own()))) is Own",
    "main": "import __main__\nassert __main__.CELLS_RUN and __name__ == '__main__'",
    "threads": "import threading\nthread = threading.Thread(target=print)\nthread.start()\nthread.join()",
    "processes": "import multiprocessing, os\ndef twice(n): return 2 * n\n"
    "with multiprocessing.get_context('fork').Pool(2) as pool:\n  assert pool.map(twice, [1, 2]) == [2, 4]",
    "subprocess": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'pass'], check=True)",
    "loaders": "from torch.utils.data import DataLoader\n"
    "assert len(list(DataLoader(range(4), batch_size=2, num_workers=2))) == 2",
    "scripted": "import torch\n@torch.jit.script\ndef scripted(n: int):\n  return torch.zeros(n).to(torch.float64)\n"
    "assert scripted(2).shape == (2,)",
    "vectorised": "import torch\nassert torch.vmap(lambda x: x + torch.zeros(2).to('cuda'))(torch.ones(3, 2)).shape == (3, 2)",
    "an old signal": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_DFL)",
}
RAISES = {
    "input": "input('who are you?')",
    "quit": "quit()",
    "exit": "raise SystemExit",
    "a stopped loop": "import asyncio\nasyncio.get_event_loop().stop()\nawait asyncio.sleep(1)",
    "a loop of its own": "import asyncio\nasyncio.run(asyncio.sleep(0))",
    "interrupted": "raise KeyboardInterrupt",
    "a generator's end": "raise GeneratorExit",
    "a base exception": "raise BaseException('x')",
    "drawn by nobody": "class Own:\n  def __repr__(self): import os; os._exit(9)\nOwn()",
}


@pytest.fixture(scope="module")
def session(forked: Sandboxes) -> Iterator[KernelSession]:
    """One notebook of all these cells; behind each stands a definition, and one more cell."""
    cells = ["CELLS_RUN = True", *(f"{source}\nok_{n} = {n}" for n, source in enumerate(CELLS.values()))]
    cells += [each for n, source in enumerate(RAISES.values()) for each in (source, f"def raised_{n}(): return {n}")]
    targets = [f"ok_{n}" for n in range(len(CELLS))] + [f"raised_{n}" for n in range(len(RAISES))]
    with KernelSession(Script("hw.ipynb", list(enumerate(cells, 1)), targets), forked.open, LIMITS) as session:
        yield session


@pytest.mark.parametrize("number", range(len(CELLS)), ids=list(CELLS))
def test_this_runs_as_in_jupyter(session: KernelSession, number: int) -> None:
    assert list(session.ask([Probe("state", f"ok_{number}@0")])) == [Returned(number)]


@pytest.mark.parametrize("number", range(len(RAISES)), ids=list(RAISES))
def test_the_cell_after_this_runs(session: KernelSession, number: int) -> None:
    assert list(session.ask([Probe("call", f"raised_{number}@0")])) == [Returned(number)]


def test_none_of_them_ended_the_kernel(session: KernelSession) -> None:
    session.versions("ok_0")

    assert session.deadly == {}
