"""The measurements of docs/measurements.md: a module each, and what they share."""
