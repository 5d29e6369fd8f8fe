"""The demo's stage on an AWS sandbox: a killed run's leftovers, a live run, strangers."""
