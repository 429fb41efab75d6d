"""A batch run: inputs found, a plan, workers, a journal, a report."""
