"""Newer images: which there are, which pass, and the files that name them. Touches registries and files."""

from sm_ci.upgrade.search import Find
from sm_ci.upgrade.upgrading import Wishes, upgrade

__all__ = ["Find", "Wishes", "upgrade"]
