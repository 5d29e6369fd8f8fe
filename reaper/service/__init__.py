"""The HTTP API: the registry of runs over the network, and the operator's words to a daemon."""
