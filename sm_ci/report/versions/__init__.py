"""Two versions side by side, and an upgrade, as Markdown, lines for a terminal, and JSON with its schemas. Pure.

JUnit of them is in `report.junit`, HTML in `report.html`; `report.files` writes all of it.
"""
