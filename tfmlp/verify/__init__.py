"""Checks: does what was computed agree with what should have been."""
