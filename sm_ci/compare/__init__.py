"""Two versions of a container held against each other: what differs, and whether it may. Pure."""
