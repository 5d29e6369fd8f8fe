"""The command line: each module a group of commands, importing what they need when they run."""
