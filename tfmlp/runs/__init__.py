"""What a training run leaves behind. Imports no TensorFlow."""
