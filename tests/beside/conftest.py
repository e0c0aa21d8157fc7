"""Nothing here is a test: the benchmarks run by a command of their own."""

collect_ignore_glob = ["*.py"]
