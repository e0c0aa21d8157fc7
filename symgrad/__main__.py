"""`python -m symgrad` is the command `symgrad`."""

from importlib import import_module

if __name__ == "__main__":
    import_module("symgrad_cli").main()
