"""A result as text, one module a format. `files` touches the file system, `screen` a stream."""

from sm_ci.report.files import make_folder, write_all, write_comparison, write_file, write_upgrade

__all__ = ["make_folder", "write_all", "write_comparison", "write_file", "write_upgrade"]
