"""Any model applied to drawings: sources, checkpoints, engines, encodings, full size."""
