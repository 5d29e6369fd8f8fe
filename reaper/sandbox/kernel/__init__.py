"""What emulated clouds have in common: a graph with rules, long operations, pages, faults.

A cloud brings a table of rules (`rules.Rule`), its dialect and its methods (`gateway.Cloud`); time
is the simulation's clock, and what goes wrong comes from the fault injector.
"""
