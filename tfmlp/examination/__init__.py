"""What a run's evaluation.json is computed from: its network, in NumPy, on some examples."""
