"""Our code for the outsides, one folder each; strangers to each other."""
