"""What a person would write without tfmlp: short programs, which `benchmarks.commands` runs."""
