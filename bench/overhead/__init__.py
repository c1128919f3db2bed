"""What sm-ci adds to a test: to a run written by hand, to `validate`, to each of ten thousand cases."""
