"""Measures what sm-ci costs; `script/bench` runs all of it. Each folder prints one table for the README."""
