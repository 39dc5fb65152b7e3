"""Stand-ins for the platforms, as they really behave; also runnable by hand."""
