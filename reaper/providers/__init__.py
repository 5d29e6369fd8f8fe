"""The clouds and engines, each behind the one protocol of `reaper.providers.protocol`."""
