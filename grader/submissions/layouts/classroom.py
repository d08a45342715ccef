"""Clones of GitHub Classroom's repositories: `gh classroom clone student-repos`.

    hw2-submissions/hw2-octo-cat/HW2.ipynb      <assignment>-submissions/<assignment>-<GitHub user>/

Both parts may have hyphens, so the assignment's part is taken off and nothing is split. Nothing in a repository is
run or believed, its history included: a student may write any date into it.
"""

from __future__ import annotations

from dataclasses import replace
from os.path import commonprefix

from grader.roster import Enrolled
from grader.submissions import names
from grader.submissions.claims import Claim, Source, by_number

_SUFFIX = "-submissions"


def classroom(source: Source) -> list[Claim] | None:
    """The claims of clones; None where the folders do not share the name of an assignment, or are no clones."""
    folders = {file.parts[0] for file in source.files if len(file.parts) > 1 or file.is_folder}
    clones = {parts[0] for parts in source.left if len(parts) > 1 and parts[1] == ".git"} & folders
    if source.name.endswith(_SUFFIX):
        slug = source.name.removesuffix(_SUFFIX)
    elif (len(clones) > 1 and clones == folders) or source.told:
        slug = commonprefix(sorted(folders)).rpartition("-")[0]  # noqa: RUF071 - of texts
    else:
        return None
    own = {folder for folder in folders if slug and folder.startswith(f"{slug}-") and folder != f"{slug}-"}
    if not own or 2 * len(own) <= len(folders):
        return None
    claims = []
    for file in source.files:
        top, *inside = file.parts
        if top not in own:
            claims += by_number(file, source.number)
            continue
        user = top.removeprefix(f"{slug}-")
        owner = Enrolled(names.safe_id(user), lms={"github": user}, listed=False)
        claims.append(Claim(owner, top, replace(file, parts=tuple(inside) or file.parts), file.whole))
    return claims
