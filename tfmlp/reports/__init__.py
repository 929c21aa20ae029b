"""Reports: what people see of runs, as pages and as plain values. No TensorFlow."""
