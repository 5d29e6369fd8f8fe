"""The demo, wherever it is played: its two runs and strangers, its stages, and its proof."""
