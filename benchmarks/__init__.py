"""Programs that measure tfmlp. Not installed with the package; run from the checkout, as in `python
-m benchmarks.reading`.
"""
