"""Load tests: a generator in a process of its own, and what its figures say of the container."""
