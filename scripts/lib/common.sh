# Shared by the scripts beside it; sourced, never run.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# What takes long to fetch is stored here between runs. Root's directory can be read by servers that run as other users.
if [ "$(id -u)" = 0 ]; then cache=/var/cache/invited; else cache=${XDG_CACHE_HOME:-$HOME/.cache}/invited; fi

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Puts a Swift 6 toolchain on PATH. `sudo` resets PATH, so the usual places and the invoking user's own toolchain
# are searched, too. Call it after install-dependencies: without its libraries the toolchain cannot say its version.
find_swift() {
    local directory resources version
    if ! command -v swift >/dev/null; then
        for directory in /opt/swift/usr/bin /usr/local/swift/usr/bin /usr/share/swift/usr/bin /usr/libexec/swift/bin; do
            [ -x "$directory/swift" ] && PATH=$directory:$PATH && break
        done
    fi
    if ! command -v swift >/dev/null && [ -n "${SUDO_USER:-}" ]; then
        # Asking the compiler where it lives sees through the launchers of swiftly and swiftenv.
        resources=$(sudo -u "$SUDO_USER" -i swift -print-target-info 2>/dev/null |
            sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)".*/\1/p') || true
        [ -x "${resources%/lib/swift}/bin/swift" ] && PATH=${resources%/lib/swift}/bin:$PATH
    fi
    command -v swift >/dev/null ||
        fail "no 'swift' on PATH. Install a Swift 6 toolchain (https://www.swift.org/install/linux/) and try again."
    version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    case $version in
        6.[2-9]* | 6.[1-9][0-9]* | [7-9].*) ;;
        *) fail "'$(command -v swift)' is Swift ${version:-of an unknown version}; 6.2 or newer is needed." ;;
    esac
    export PATH
}

# Runs a command as the owner of the checkout when that is who called sudo: a build directory that belongs to root
# would stop their next build.
as_builder() {
    local owner directory
    owner=$(stat -c %u "$repository")
    if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ] && [ "${SUDO_UID:-}" = "$owner" ]; then
        for directory in .build Fuzzing/.build Fuzzing/Findings Benchmarks/.build; do
            directory=$repository/$directory
            if [ -d "$directory" ] && [ "$(stat -c %u "$directory")" != "$owner" ]; then
                chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$directory"
            fi
        done
        sudo -u "#$owner" -H env PATH="$PATH" SWIFT_DETERMINISTIC_HASHING=1 "$@"
    else
        SWIFT_DETERMINISTIC_HASHING=1 "$@"
    fi
}
