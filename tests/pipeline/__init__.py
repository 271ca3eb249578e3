"""The CI files."""
