"""The zip by which Gradescope runs this grader: two scripts, the grader, the course, one secret for all submissions.

    setup.sh          Gradescope runs it once, as root, when it builds the image
    run_autograder    and this for every submission: from /autograder/submission to /autograder/results/results.json
    requirements.txt  the libraries, in the versions with which the zip was made
    gradebook.db      empty but for its secret, so that everybody gets the same hidden cases, also in a regrade
    grader/ course/   rubric and reference; the students' notebooks run in a sandbox that shows them neither

Source: gradescope-autograders.readthedocs.io, specifications.
"""

from __future__ import annotations

from typing import Final

SCRIPTS: Final = ("setup.sh", "run_autograder")

_SETUP: Final = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image.
set -euo pipefail
root=${AUTOGRADER:-/autograder}
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq bubblewrap python3-venv
# Without the data set the items about accuracy wait for staff.
apt-get install -y -qq dataset-fashion-mnist || echo "no Fashion-MNIST here: accuracy items will wait for staff"
python3 -m venv "$root/venv"
"$root/venv/bin/pip" install --quiet -r "$root/source/requirements.txt"
"""

_RUN: Final = """\
#!/usr/bin/env bash
# Gradescope runs this for every submission. It leaves a results.json whatever happens.
set -uo pipefail
root=${AUTOGRADER:-/autograder}
python=${GRADER_PYTHON:-$root/venv/bin/python}
# Where the container allows no sandbox nothing is graded. With "none" student code could write its own mark.
sandbox=${GRADER_SANDBOX:-auto}
export PYTHONPATH=$root/source PYTHONSAFEPATH=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/in/submission" "$work/results" "$root/results"
rm -f "$root/results/results.json"
cp -RP "$root/submission/." "$work/in/submission/"
cp "$root/source/gradebook.db" "$work/results/"
where=(--course "$root/source/course" --assignment @ASSIGNMENT@ --out "$work/results")
# One student's, whatever names are in it.
"$python" -m grader grade "$work/in" --source plain "${where[@]}" --sandbox "$sandbox" >"$work/log" 2>&1
code=$?
cat "$work/log"
# Written answers are marked in Gradescope beside ours; what is broken needs staff and gets no score.
if [ "$code" -eq 0 ]; then
  "$python" -m grader export gradescope "${where[@]}" --provisional -o "$root/results/results.json"
elif [ "$code" -eq 1 ]; then
  "$python" -m grader export gradescope "${where[@]}" -o "$root/results/results.json"
fi
if [ ! -s "$root/results/results.json" ]; then
  cat >"$root/results/results.json" <<'JSON'
{"output": "This could not be graded automatically. It is no fault of yours; staff has been told why.",
 "output_format": "text", "visibility": "visible", "stdout_visibility": "hidden", "tests": []}
JSON
fi
"""


def scripts(assignment: str, requirements: list[str]) -> dict[str, bytes]:
    """The files that only this zip has, by name.

    Args:
        assignment: its name in the rubric.
        requirements: one library a line, with its version.
    """
    quoted = "'" + assignment.replace("'", "'\\''") + "'"
    return {
        "setup.sh": _SETUP.encode(),
        "run_autograder": _RUN.replace("@ASSIGNMENT@", quoted).encode(),
        "requirements.txt": "".join(f"{each}\n" for each in requirements).encode(),
    }
