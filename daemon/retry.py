"""How long to wait before the next try. Pure: randomness is an argument."""


def backoff(attempt: int, random: float, *, first: float = 0.5, longest: float = 30.0) -> float:
    """Seconds before try number `attempt` (from 1): doubling, capped, with full jitter in its upper half.

    Args:
        attempt: how many tries have failed in a row.
        random: uniform in [0, 1); spreads the hosts of a site after an outage.
        first: the first pause.
        longest: the cap.
    """
    ceiling = min(longest, first * 2.0 ** min(attempt - 1, 30))
    return ceiling * (0.5 + random / 2)
