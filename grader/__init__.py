"""Grades notebooks of deep-learning courses: runs them in a sandbox and compares the answers with a reference."""

__version__ = "0.1.0"
