"""Compute Engine: `compute.googleapis.com`, version 1."""
