"""A run as one HTML page: no script, nothing from elsewhere, readable from disk, on paper and by a screen reader. Pure.

Jinja2 escapes every value; before that each went through `sm_ci.text`, with secrets masked first. The page's policy
(CSP) allows its own style sheet by that one's hash, and nothing else. The style sheet and the templates lie beside.
"""

from sm_ci.report.html.page import render

__all__ = ["render"]
