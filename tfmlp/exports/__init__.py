"""Exports: a trained model in formats that run without tfmlp, each proven by its own runtime."""
