"""How well copies are found, and how many honest pairs are named beside them, by method and threshold.

.venv/bin/python benchmarks/similarity/run.py [--students 1500]

Compared are our fingerprints (with and without rarity, with and without what the assignment and the book explain, runs
of several lengths), copydetect 0.5.0 and rapidfuzz on the same tokens; the last two where they are installed:
pip install --no-deps --target DIR copydetect rapidfuzz tqdm, and DIR in PYTHONPATH.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.similarity import planting
from benchmarks.similarity.planting import DISGUISES, Author, copied
from grader.similarity import comparing
from grader.similarity.fingerprints import fingerprints

Scores = Mapping[tuple[int, int], float]
BOOK = "ada"  # follows the book word for word, and stands for its printed code


def main() -> None:
    """Print a table of methods, one of disguises, and seconds for a large class."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=1500)
    options = parser.parse_args()
    everybody = planting.authors()
    book = next(each for each in everybody if each.name == BOOK)
    authors = [each for each in everybody if each.name != BOOK]
    students, planted = a_class(authors, random.Random(1))
    works = [each.work for each in students]
    explained = [*planting.expected(), *book.work.definitions]
    count = len(students)
    print(
        f"{count} students: {len(authors)} authors, {count - len(authors)} copies of them in {len(DISGUISES)} disguises"
    )
    print(f"{count * (count - 1) // 2 - len(planted)} honest pairs, {len(planted)} planted\n")
    print(f"{'method':46} {'average':>9} {'best F1':>8} {'at':>7} {'precision':>10} {'recall':>7} {'seconds':>8}")
    print(f"{'':46} {'precision':>9}")
    for run in (4, 6, 10, 16):
        for rare in (True, False):
            told = f"runs of {run}, {'by rarity' if rare else 'all alike'}"
            row(told, lambda run=run, rare=rare: ours(works, explained, run, rare=rare), planted)
    row("runs of 6, by rarity, nothing explained", lambda: ours(works, [], 6), planted)
    row("runs of 6, by rarity, share only", lambda: ours(works, explained, 6, of="share"), planted)
    row("runs of 6, by rarity, without share", lambda: ours(works, explained, 6, of="rare"), planted)
    if importlib.util.find_spec("rapidfuzz"):
        row("rapidfuzz ratio of the same tokens", lambda: by_rapidfuzz(works), planted)
    if importlib.util.find_spec("copydetect"):
        for noise in (25, 15):
            row(f"copydetect, k={noise}, window 1", lambda noise=noise: by_copydetect(students, noise), planted)
    held_out(authors, explained)
    by_disguise(works, explained, planted)
    small(authors, explained)
    large(authors, explained, options.students)


def a_class(authors: Sequence[Author], draw: random.Random) -> tuple[list[Author], dict[tuple[int, int], str]]:
    """Authors and copies, and by pair under which disguise; copies of one author are copies of each other, too."""
    students = list(authors)
    planted: dict[tuple[int, int], str] = {}
    for number, author in enumerate(authors):
        disguise = list(DISGUISES)[number % len(DISGUISES)]
        beside = None
        if number % 3 == 0:
            other = (number + 7) % len(authors)
            beside = authors[other]
            planted[other, len(students)] = "as it is, beside another's"
        planted[number, len(students)] = f"{disguise}{', half' if beside else ''}"
        students.append(copied(author, disguise, draw, beside=beside))
    for (one, copy), (other, second) in itertools.combinations(list(planted), 2):
        if one == other and copy != second:
            planted[copy, second] = "copies of one"
    return students, planted


# ---- methods ---------------------------------------------------------------------------------------------------------


def ours(
    works: Sequence[comparing.Work],
    explained: Collection[planting.Definition],
    run: int,
    *,
    rare: bool = True,
    of: str = "",
) -> Scores:
    """Our scores by pair of numbers."""
    ignored = {each for one in explained for each in fingerprints(one.tokens, run)}
    owned = [{each for one in work.definitions for each in fingerprints(one.tokens, run)} - ignored for work in works]
    weights = comparing.weigh(owned) if rare else {each: 1.0 for own in owned for each in own}
    found = comparing.scored(owned, weights)
    measure: Callable[[comparing.Scored], float] = {
        "share": lambda each: each.share,
        "rare": lambda each: each.rare,
        "": lambda each: each.score,
    }[of]
    return {(each.left, each.right): measure(each) for each in found}


def by_rapidfuzz(works: Sequence[comparing.Work]) -> Scores:
    """Of every two students; the definitions by name."""
    from rapidfuzz import fuzz

    texts = []
    for work in works:
        ordered = sorted(work.definitions, key=lambda one: one.name)
        texts.append([token.text for one in ordered for token in one.tokens])
    pairs = itertools.combinations(range(len(works)), 2)
    return {(one, other): fuzz.ratio(texts[one], texts[other]) for one, other in pairs}


def by_copydetect(students: Sequence[Author], k: int) -> Scores:
    """Of every two files; nothing is given as boilerplate, so that it compares with `nothing explained`."""
    import copydetect

    with tempfile.TemporaryDirectory() as folder:
        made = []
        for number, student in enumerate(students):
            path = Path(folder) / f"{number}.py"
            path.write_text("\n\n".join(student.sources), encoding="utf-8")
            made.append(copydetect.CodeFingerprint(str(path), k, 1))
        pairs = itertools.combinations(range(len(made)), 2)
        return {pair: max(copydetect.compare_files(made[pair[0]], made[pair[1]])[1]) for pair in pairs}


# ---- figures ---------------------------------------------------------------------------------------------------------


def row(told: str, method: Callable[[], Scores], planted: Collection[tuple[int, int]]) -> None:
    """Average precision, and precision and recall where their harmonic mean is best."""
    began = time.perf_counter()
    scores = method()
    seconds = time.perf_counter() - began
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    hits, average, best = 0, 0.0, (0.0, 0.0, 0.0, 0.0)
    for place, (pair, score) in enumerate(ranked, 1):
        if pair in planted:
            hits += 1
            average += hits / place / len(planted)
        precision, recall = hits / place, hits / len(planted)
        if hits:
            best = max(best, (2 * precision * recall / (precision + recall), score, precision, recall))
    f1, at, precision, recall = best
    print(f"{told:46} {average:9.3f} {f1:8.3f} {at:7.1f} {precision:10.3f} {recall:7.3f} {seconds:8.2f}", flush=True)


def held_out(authors: Sequence[Author], explained: Sequence[planting.Definition]) -> None:
    """What a threshold is worth on authors by whom it was not chosen."""
    halves = []
    for part in (authors[::2], authors[1::2]):
        students, planted = a_class(part, random.Random(4))
        scores = ours([each.work for each in students], explained, fingerprints.__defaults__[0])  # type: ignore[index]
        halves.append((scores, planted))
    print("\nthe best threshold of one half of the authors, on the other half:")
    for (chosen, planted), (scores, others) in (halves, halves[::-1]):
        ranked = sorted(chosen.items(), key=lambda pair: -pair[1])
        best, threshold, hits = 0.0, 0.0, 0
        for place, (pair, score) in enumerate(ranked, 1):
            hits += pair in planted
            best, threshold = max((best, threshold), (2 * hits / (place + len(planted)), score))
        named = {pair for pair, score in scores.items() if score >= threshold}
        both = len(named & others.keys())
        told = f"precision {both / len(named):.3f}, recall {both / len(others):.3f}"
        print(f"  at {threshold:.1f}: {told} ({len(others)} planted)")


def by_disguise(
    works: Sequence[comparing.Work], explained: Sequence[planting.Definition], planted: Mapping[tuple[int, int], str]
) -> None:
    """What `grader similar` names with its thresholds."""
    number = {work.student_id: at for at, work in enumerate(works)}
    named = {
        (min(pair), max(pair))
        for each in comparing.compare(works, explained).pairs
        for pair in [(number[each.left.student_id], number[each.right.student_id])]
    }
    print(f"\nas `grader similar` names them: {len(named & planted.keys())} of {len(planted)} planted pairs,", end=" ")
    print(f"{len(named - planted.keys())} of the honest ones")
    for told in sorted(set(planted.values())):
        pairs = [pair for pair, disguise in planted.items() if disguise == told]
        print(f"  {told:34} {sum(pair in named for pair in pairs):3} of {len(pairs)}")
    for one, other in sorted(named - planted.keys()):
        print(f"  honest, and named: {works[one].student_id} | {works[other].student_id}")


def small(authors: Sequence[Author], explained: Sequence[planting.Definition]) -> None:
    """Small classes, in which nearly everything is rare: drawn from the authors, with one copy each."""
    draw = random.Random(2)
    print("\nclasses of so many authors and one copy in full disguise: found; honest pairs named in 20 draws")
    for size in (2, 4, 8, 16, 32):
        found = honest = 0
        for _ in range(20):
            chosen = draw.sample(list(authors), size)
            copy = copied(chosen[0], "all of it", draw)
            compared = comparing.compare([each.work for each in [*chosen, copy]], explained)
            named = {frozenset((pair.left.student_id, pair.right.student_id)) for pair in compared.pairs}
            planted = frozenset((chosen[0].name, copy.name))
            found += planted in named
            honest += len(named - {planted})
        print(f"  {size:3} {found:3} of 20 {honest:4}")


def large(authors: Sequence[Author], explained: Sequence[planting.Definition], count: int) -> None:
    """How long a class takes whose members mix the parts of all authors."""
    draw = random.Random(3)
    parts = [source for author in authors for source in author.sources]
    class_ = [Author(f"s{number:05}", tuple(draw.sample(parts, 12))).work for number in range(count)]
    began = time.perf_counter()
    compared = comparing.compare(class_, explained)
    seconds = time.perf_counter() - began
    print(f"\n{count} students of 12 definitions each: compared in {seconds:.1f} s, {len(compared.pairs)} pairs named")


if __name__ == "__main__":
    main()
