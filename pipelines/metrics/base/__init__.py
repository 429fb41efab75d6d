"""What the metrics are made of: cases, aggregates, statistics, networks."""
