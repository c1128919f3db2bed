"""Results as JUnit XML: what Jenkins, EnricoMi, mikepenz and dorny read alike. Pure, but for `write`."""

from sm_ci.report.junit.run import render, write

__all__ = ["render", "write"]
