"""Random programs beside another tool; run by hand: CONTRIBUTING.md."""
