# Sourced by the scripts beside it that read archives of packages which this machine does not install from.

# Runs apt-get or apt-cache with sources and lists of its own, below a directory: this machine's are neither read nor changed.
#
#   private_apt DIRECTORY apt-get update
private_apt() {
    local directory=$1 program=$2
    shift 2
    "$program" --quiet=2 -o Dir::Etc::SourceList="$directory/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$directory/lists" -o Dir::Cache="$directory" -o Debug::NoLocking=true -o APT::Sandbox::User= "$@"
}

# Fetches the lists of suites of Debian into a directory for private_apt.
fetch_lists() {
    local directory=$1
    shift
    mkdir -p "$directory"/{lists,archives}/partial
    printf 'deb http://deb.debian.org/debian %s main\n' "$@" >"$directory/sources.list"
    private_apt "$directory" apt-get -o Acquire::Languages=none update
}
