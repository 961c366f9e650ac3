"""The benchmark suite: one module per group of figures, run with ``python -m tests.benchmarks``."""
