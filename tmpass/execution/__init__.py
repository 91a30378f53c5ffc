"""A plan carried out: operators compute on what stands in the planned bytes, and on nothing else."""
