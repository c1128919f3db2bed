"""What the reports of a long run cost: time, and bytes of the HTML page."""
