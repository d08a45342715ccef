"""What every HTML page of ours stands on: colours, base styles, the policy that guards it, templates, axes of charts.

Pages are self-contained: one file, no request to anywhere, only styles and scripts of ours, allowed by their hashes.
Imported by the pages of `reports/`.
"""
