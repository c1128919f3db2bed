"""Two versions hosted with the same limits and asked the same, A B B A. Touches what a session touches."""
