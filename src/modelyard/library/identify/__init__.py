"""From a header to what the file is: tables of signatures, and the few rules that weigh them."""
