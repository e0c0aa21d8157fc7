"""The web page: a model is typed, its derivation stands beside it. `symgrad serve` serves it."""
