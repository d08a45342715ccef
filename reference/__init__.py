"""Right answers, input generators and named misconceptions, one package per assignment; never shipped to students."""
