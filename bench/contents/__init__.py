"""What it takes to read what is in an image, beside the ways in which an engine gives its files."""
