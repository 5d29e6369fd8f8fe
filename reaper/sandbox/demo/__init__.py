"""What the chapters of `reaper demo` share: whose things there are, test runs, and the proof."""
