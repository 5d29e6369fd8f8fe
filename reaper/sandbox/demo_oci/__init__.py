"""The chapter of `reaper demo` in an OCI sandbox, which needs neither credentials nor network."""
