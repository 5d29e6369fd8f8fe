"""The demo's stage on a real Docker engine: a killed run's leftovers, a live run, strangers."""
