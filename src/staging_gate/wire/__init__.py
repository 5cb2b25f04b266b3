"""One HTTP session and one way to run programs."""
