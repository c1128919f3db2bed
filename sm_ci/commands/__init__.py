"""One file a verb of the command line; each returns its exit status."""
