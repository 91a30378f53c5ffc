"""Why a model needs what it needs, and what would lower it."""
