"""Many models on many targets: planned on any executor, kept, compared and shown as one table."""
