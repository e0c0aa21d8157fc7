"""Random programs, and trained models, beside other tools; run by hand: CONTRIBUTING.md."""
