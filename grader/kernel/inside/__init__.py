"""What runs in the sandbox, in the same processes as the student's code. None of it is trusted by the other side."""
