"""The demo's world on a real Docker engine: a killed run's leftovers, a live run, strangers."""
