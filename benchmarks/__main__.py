"""`python benchmarks`: the measurements of `docs/performance.md`."""

from speed import main

main()
