"""Sweeps on a schedule, each cell by itself, until it is told to stop."""
