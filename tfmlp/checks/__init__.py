"""Is my gradient right? Imports no TensorFlow."""
