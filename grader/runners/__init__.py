"""Ways to grade many submissions: each is `run(work, submissions, began=...)` and yields grades as they are done."""
