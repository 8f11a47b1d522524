"""`make oracle`: any number of random worlds."""

import argparse
import os
import secrets
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from oracle import coverage, generate
from oracle.compare import DifferenceError, judged
from oracle.hunt import HuntError
from oracle.judge import Judge

BATCH = 50
"""Number of worlds judged at once. A world depends on its number alone, not on the count of worlds."""

COVERED_AFTER = 1000
"""This number of worlds has every feature of the generator."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make oracle", description=__doc__)
    parser.add_argument("--worlds", type=int, default=10_000, help="how many worlds")
    parser.add_argument("--seed", default=None, help="which worlds; the same seed gives the same ones")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many processes")
    arguments = parser.parse_args()
    seed = arguments.seed or secrets.token_hex(4)
    print(f"SEED={seed} WORLDS={arguments.worlds}", flush=True)

    begun = time.monotonic()
    done, total = 0, Counter[str]()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        starts = range(0, arguments.worlds, BATCH)
        batches = [pool.submit(batch, seed, first, min(BATCH, arguments.worlds - first)) for first in starts]
        try:
            for finished in as_completed(batches):
                worlds, counted = finished.result()
                done += worlds
                total += counted
                if done % 1000 < BATCH or done == arguments.worlds:
                    print(f"{done:6} worlds, {done / (time.monotonic() - begun):.0f} a second", flush=True)
        except (DifferenceError, HuntError) as error:
            pool.shutdown(cancel_futures=True)
            print(f"\n{error}\n\nFAILED after {done} worlds, SEED={seed}", file=sys.stderr)
            return 1

    print("\nWhat the worlds had in them:")
    for name in coverage.CHECKS:
        print(f"{total[name]:8}  {name}")
    if done >= COVERED_AFTER and (missing := coverage.missing(total)):
        print(f"\nFAILED: the worlds had none of: {', '.join(missing)}", file=sys.stderr)
        return 1
    print(f"\nPASSED: the rule and pivotwatch agree in {done} worlds, SEED={seed}")
    return 0


def batch(seed: str, first: int, number: int) -> tuple[int, Counter[str]]:
    """Judges consecutive worlds."""
    options = generate.options(seed, first // BATCH)
    worlds = [generate.world(seed, place, options) for place in range(first, first + number)]
    found = judged(Judge(), worlds, options, seed)
    return number, coverage.count(worlds, options, found)


if __name__ == "__main__":
    sys.exit(main())
