"""What has rules of its own: locks, roles, vaults, storage, clusters, Resource Graph."""
