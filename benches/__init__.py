"""What the package costs, beside its floor and its peers: `python -m benches` runs all of it."""
