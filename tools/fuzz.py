"""Look for bytes that break a parser of strangers' files and frames; coverage leads the way (atheris, from PyPI).

    python tools/fuzz.py {notebook,archive,frame} [-max_total_time=60] [options of libFuzzer]

Whatever is no refusal in our own words ends the run and leaves the bytes in a file; they then become a test.
"""

import io
import json
import os
import sys
import time
import zipfile

import atheris

with atheris.instrument_imports(include=["grader", "json", "zipfile"]):
    from grader import notebook, submissions
    from grader.kernel.channel import Channel, ChannelClosed, ChannelTimeout, ProtocolError
    from grader.kernel.wire import read_observation
    from grader.records import SourceFile
    from grader.submissions import files


def of_notebook(content: bytes) -> None:
    """Everything that the grader itself does with a notebook."""
    file = SourceFile("hw2.ipynb", content)
    try:
        read = notebook.read(file)
    except notebook.UnreadableNotebook:
        return
    if submissions.readable(file):
        return
    for cell in read.legible:
        notebook.neutralised(cell.source)
        notebook.definitions(cell.source)
        notebook.calls(read, cell.number, "f")
    notebook.unimported(read, ("torch",))
    notebook.discussion([read], "7.2")


def of_archive(content: bytes) -> None:
    """The files of a student's archive."""
    try:
        list(files.in_zip(content))
    except zipfile.BadZipFile:
        pass


def of_frame(content: bytes) -> None:
    """What a sandbox writes into the grader's pipe."""
    read, write = os.pipe()
    os.write(write, content[:60_000])
    os.close(write)
    channel = Channel(read, os.open(os.devnull, os.O_WRONLY))
    try:
        while True:
            read_observation(channel.receive(time.monotonic() + 1, max_body=1 << 20))
    except (ChannelClosed, ChannelTimeout, ProtocolError):
        pass
    finally:
        channel.close()


def seeds() -> dict[str, list[bytes]]:
    """Where to start."""
    cells = [{"cell_type": "code", "source": "%%time\ndef f(X):\n  return torch.ones(X)\n!pip install d2l"}]
    cells.append({"cell_type": "markdown", "source": ["## 7.2\n", "### Discussion\n", "text"]})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/hw2.ipynb", b"{}")
    header = json.dumps({"kind": "observation", "returned": {"tensor": ["float32", [1, 1], 0, 4]}}).encode()
    frame = len(header).to_bytes(4, "little") + (4).to_bytes(8, "little") + header + bytes(4)
    return {"notebook": [json.dumps({"cells": cells}).encode()], "archive": [buffer.getvalue()], "frame": [frame]}


if __name__ == "__main__":
    targets = {"notebook": of_notebook, "archive": of_archive, "frame": of_frame}
    if len(sys.argv) < 2 or sys.argv[1] not in targets:
        sys.exit(__doc__)
    target = sys.argv.pop(1)
    for seed in seeds()[target]:
        targets[target](seed)
    corpus = os.path.join(".fuzz", target)
    os.makedirs(corpus, exist_ok=True)
    for number, seed in enumerate(seeds()[target]):
        with open(os.path.join(corpus, f"seed-{number}"), "wb") as file:
            file.write(seed)
    atheris.Setup([sys.argv[0], corpus, *sys.argv[1:]], targets[target])
    atheris.Fuzz()
