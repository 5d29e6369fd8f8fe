"""Emulated places and a virtual clock: for the simulation, the tests, and to rehearse in."""
