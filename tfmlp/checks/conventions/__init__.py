"""Conventions: how people arrange a net in a file, one module for each."""
