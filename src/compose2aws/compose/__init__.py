"""Compose files in, a canonical `Project` out. This room knows no AWS word."""
