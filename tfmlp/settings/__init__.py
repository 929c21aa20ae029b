"""The options of a training, in four groups: each option once, with its type, range and help."""
