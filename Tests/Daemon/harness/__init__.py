"""The fixtures of the daemon's black-box tests: the process, its files, servers in front of it, and clients."""
