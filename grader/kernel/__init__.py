"""The only code that touches Jupyter and untrusted data: the grader's side here, the student's side in `inside/`."""
