"""Azure Resource Manager: resources by their IDs, groups, lists, operations."""
