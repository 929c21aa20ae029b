"""These scripts are for a type checker: they are never imported."""

collect_ignore_glob = ["*.py"]
