"""`labeld`, and `python -m labeld.daemon`."""

from .cli import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
