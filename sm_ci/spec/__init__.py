"""The spec language: YAML in, a frozen Spec out, with a place for everything. `load` reads files, the rest is pure."""
