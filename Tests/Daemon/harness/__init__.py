"""What the black-box tests of the daemon stand on: the process, its files, servers to put it behind, and clients."""
