"""The question `measured` about a trained network: answered on this side, with what the sandbox tells and our labels.

It stands before a session and passes every other question on. What it answers is small and holds no label, so it is
recorded like any other answer, and a change of the floors can be applied to it without running anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from grader import datasets
from grader.kernel.inside import precision
from grader.kernel.inside.scores import answers as answered
from grader.measuring import answers, loading, unseen
from grader.probes import Died, Observation, Probe, Returned, Session, TimedOut, Value, Version

_FRESH = 48  # images on which both networks have to agree
_FRESH_BATCHES = (7, 30, 11)


@dataclass(frozen=True, slots=True)
class Measuring:
    """A session that also answers `measured`.

    Args:
        session: which trains.
        solutions: the reference's definitions by name.
        carried: sentences on data that came with the network's source.
        card: what torch calls the graphics card that was lent for this, so that measuring is on no other one; "": any.
    """

    session: Session
    solutions: Mapping[str, Any]
    carried: Sequence[str] = ()
    card: str = ""

    def versions(self, target: str) -> Sequence[Version]:
        """As of the session itself."""
        return self.session.versions(target)

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe, `measured` ones here.

        Raises:
            DataMissing: the data set is not on this machine.
        """
        for question, group in itertools.groupby(probes, key=lambda probe: probe.question):
            asked = list(group)
            yield from map(self._measured, asked) if question == "measured" else self.session.ask(asked)

    def _measured(self, probe: Probe) -> Observation:
        """How good the network is that was trained last.

        Arguments: those of its constructor. Options: data (name of a data set), test (how many images), size (pixels),
        device.

        Returns:
            `accuracy`, `images`, `confusion` (counts, rows are true classes), `by` ("weights" or "answers"), what is
            `carried`, and where it is measured by answers what else it answered (answers.py); None where there is no
            row of logits per image; another observation where there is no answer.
        """
        precision.exact()  # as in the sandbox: otherwise a card's shorter format looks like another network
        options = probe.options
        split = datasets.test_split(str(options["data"]), int(options["test"]))
        images, labels = torch.from_numpy(split.images.copy()), torch.from_numpy(split.labels)
        classes = len(datasets.CLASSES.get(str(options["data"]), range(10)))

        def ask(question: str, args: tuple[Value, ...], more: dict[str, Value]) -> Observation:
            asked = replace(probe, question=question, args=args, options={"size": options["size"], **more})
            (observation,) = self.session.ask([asked])
            return observation

        network = self._loaded(probe, images.shape[1:], ask)
        if isinstance(network, torch.nn.Module):
            logits = answered(network, images, options["size"])
            return Returned({"by": "weights", **_counted(logits, labels, classes), "carried": list(self.carried)})
        if network is not None:
            return network
        found = answers.measured(ask, images, labels, probe.seed)
        if not isinstance(found, dict):
            return Returned(None) if isinstance(found, Returned) else found
        counted = _counted(found.pop("logits"), labels, classes)
        return Returned({"by": "answers", **counted, "carried": list(self.carried), **found})

    def _loaded(self, probe: Probe, shape: Sequence[int], ask: answers.Ask) -> torch.nn.Module | Observation | None:
        """The reference with the weights of the trained network; None where it is another architecture."""
        options = probe.options
        make = self.solutions.get(probe.name)
        if make is None:
            return None
        size = int(options["size"])
        device = self.card if self.card and options["device"] == "cuda" else str(options["device"])
        into = loading.architecture(make, probe.args, probe.kwargs, shape=shape, size=size, device=device)
        if into is None:
            return None
        sent = ask("weights", (), {"shape": list(shape), "bytes": into.bytes})
        if isinstance(sent, TimedOut | Died):
            return sent
        theirs = loading.read(sent.value, into.bytes) if isinstance(sent, Returned) else None
        if theirs is None:
            return None
        fresh = unseen.fresh(str(options["data"]), _FRESH, probe.seed)
        said = ask("logits", (fresh,), {"batches": list(_FRESH_BATCHES)})
        if not isinstance(said, Returned):
            return said
        if not answers.one_row_each(said.value, len(fresh)):
            return Returned(None)
        return loading.reproducing(into, theirs, fresh, said.value, size=size)


def _counted(logits: torch.Tensor, labels: torch.Tensor, classes: int) -> dict[str, Value]:
    """The accuracy of logits, (N, outputs), and how often which class was taken for which."""
    said = logits.argmax(dim=1)
    known = said < classes
    counts = torch.bincount(labels[known] * classes + said[known], minlength=classes * classes)
    return {
        "accuracy": float((said == labels).double().mean()),
        "images": len(labels),
        "confusion": counts.reshape(classes, classes).tolist(),
    }
