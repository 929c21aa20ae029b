"""The mathematics in NumPy, written by hand for a reader. Imports nothing else of tfmlp."""
