"""The chapter of `reaper demo` in an Azure sandbox, which needs neither credentials nor network."""
