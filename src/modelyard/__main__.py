"""`python -m modelyard` is the command line."""

from modelyard.cli.starting import run

if __name__ == "__main__":
    run()
