import Shell

/// What `--help` shows.
enum Help {
    static var text: String {
        """
        invitectl looks at and changes a running invited.

        Usage:
          invitectl                        Type commands at a prompt
          invitectl [OPTION…] COMMAND…     Run one command, such as `invitectl host list`
          invitectl [OPTION…] -            Run the commands that standard input has, one a line

        Options, anywhere before `--`:
        \(options)

        `invitectl help` shows the commands, `invitectl help host set` how one of them is used.

        Environment:
          INVITED_SOCKET    The daemon's socket
          PAGER             Shows what is longer than the terminal; less -FRX unless given
          VISUAL, EDITOR    The editor of `config edit`
          NO_COLOR          No colours, also on a terminal

        Exit status:
          0  done               3  the daemon cannot be reached
          1  failed             4  you may not
          2  wrong usage        5  somebody else was first, or what it was based on has changed
          6  not confirmed      130  ended by Ctrl-C

        """
    }

    private static var options: String {
        let named = ClientCommandLine.options.map { option in
            (
                "--" + option.name + (option.kind == nil ? "" : option.name == "socket" ? " PATH" : " FILE"),
                option.summary
            )
        }
        let longest = named.map(\.0.count).max() ?? 0
        return named.map { name, summary in
            "  \(name)\(String(repeating: " ", count: longest - name.count + 3))\(summary)"
        }.joined(separator: "\n")
    }
}
