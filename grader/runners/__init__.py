"""Ways to grade many submissions: each is `run(work, submissions, began=...) -> Iterator[Grade]`, in order of finishing."""
