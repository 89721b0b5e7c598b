"""What is wrong with a configuration."""


class ConfigError(Exception):
    """One or more faults; each line names the file (or variable), the key and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
