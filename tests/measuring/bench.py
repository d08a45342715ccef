"""Notebooks whose network is trained in a real sandbox on real images, briefly, and then measured."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from grader import checks, datasets, pipeline, rubric
from grader.answer_key import AnswerKey
from grader.errors import DataMissing
from grader.kernel.template import Sandboxes
from grader.records import Finding, Profile, SourceFile, Student, Submission

ROOT = Path(__file__).parents[2]
# Too short to learn: what is known afterwards was known before. `full` is what a class or two are worth.
BRIEF = {"steps": 4, "batch": 32, "lr": 0.001, "train": 1000, "test": 400, "none": 0.02, "full": 0.04}


@dataclass(frozen=True, slots=True)
class Bench:
    """Judges one accuracy item of a course."""

    course: pipeline.Course

    def finding(self, item: str, *cells: str, **recipe: Any) -> Finding:
        """What is found out about an item of a notebook with these cells, trained by a recipe changed so."""
        assignment = self.course.assignment
        (asked,) = (each for each in assignment.items if each.id == item)
        quick = {**asked.options["profiles"]["quick"], **BRIEF, **recipe}
        asked = replace(asked, needs=(), options={**asked.options, "profiles": {"quick": quick}})
        rows: list[dict[str, Any]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells
        ]
        content = json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": rows}).encode()
        handed_in = Submission(Student("ada"), "ada.ipynb", (SourceFile("ada.ipynb", content),), sha256="ada")
        course = replace(self.course, assignment=replace(assignment, items=(asked,)))
        (score,) = pipeline.grade(handed_in, course).scores
        return score.finding


def opened(assignment: str, data: str, sandboxes: Sandboxes) -> Bench:
    """A bench of an assignment of this course."""
    try:
        datasets.folder(data)
    except DataMissing as error:
        pytest.skip(f"{error} would run this")
    chosen = rubric.choose(rubric.load(ROOT, checks.bind), assignment)
    key = AnswerKey(ROOT, chosen.reference)
    return Bench(pipeline.Course(chosen, key, sandboxes, "cpu", Profile.QUICK))
