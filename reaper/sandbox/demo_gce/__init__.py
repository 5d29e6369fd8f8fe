"""The chapter of `reaper demo` in a Google sandbox, which needs neither credentials nor network."""
