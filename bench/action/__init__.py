"""What the action adds to the command line: its start in a container, and the size of its image."""
