"""Label files become dots in confined processes that know nothing else."""
