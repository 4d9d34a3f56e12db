"""What building and measuring need beside the package itself; run from the repository root."""
