import Glibc

/// A program that a person chose, such as a pager or an editor, run by the shell.
struct ChildProcess {
    private let pid: pid_t

    /// - Parameters:
    ///   - command: A line for `/bin/sh`, in which `"$1"` and so on are the arguments.
    ///   - input: What its standard input is; `nil` for this process's own.
    init?(_ command: String, _ arguments: [String] = [], input: Int32? = nil, environment: [String: String] = [:]) {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
        // What this process has done to its signals is not the child's.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        for (name, value) in environment where getenv(name) == nil { setenv(name, value, 1) }

        var words = (["/bin/sh", "-c", command, "sh"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, "/bin/sh", &actions, &attributes, &words, environ) == 0 else { return nil }
        self.pid = pid
    }

    /// Waits for its end.
    ///
    /// - Returns: Its exit status; 128 and more where a signal ended it.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            if errno != EINTR { return 127 }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
