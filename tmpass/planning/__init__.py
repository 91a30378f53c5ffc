"""From a graph and a target to a plan: order, sharing, live ranges, layout."""
