"""The chapter of `reaper demo` in an AWS sandbox, which needs neither credentials nor network."""
