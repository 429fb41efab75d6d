"""Region methods: line drawing -> labelled regions, one file a method."""
