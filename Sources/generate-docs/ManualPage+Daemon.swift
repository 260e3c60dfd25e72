import Shell

extension ManualPage {
    /// invited(8).
    static var daemon: ManualPage {
        var page = ManualPage("invited", section: 8, summary: "invitation daemon for XMPP hosting")
        page.section("SYNOPSIS")
        page.synopsis([
            "invited run [--config FILE] [--log-format text|json] [--log-level LEVEL]",
            "invited check [--config FILE] [--user USER]",
        ])
        page.section("DESCRIPTION")
        page.paragraphs(
            """
            `invited` gives every host of an XMPP server an invitation service of its own, behind one component connection \
            (XEP-0114). Users run ad-hoc commands (XEP-0401) and get links for others. `invitectl`(1) looks at it and \
            changes it while it runs.
            """)
        page.section("COMMANDS")
        page.item("run", "Run the daemon in the foreground. This is what the service does.")
        page.item(
            "check",
            """
            Read and check all files, print every mistake as FILE:LINE:COLUMN, and exit with 0 when there is none. Run by \
            root, it reads them with the rights of the daemon's user, in all groups of that user, and judges links as that \
            user's daemon does. Where rights are missing it names the commands that give them, and as little more as \
            `chgrp`(1) and `chmod`(1) can; none for a file that a link of another user than root leads to, or that has \
            several hard links.

            A `secret_file` that the user may not read is read as root, as systemd does to hand it over as a credential. \
            That is no mistake, and a note on standard error says so; whether the unit hands it over is not checked. Nor is \
            what else the unit takes away, such as `ProtectHome=`, or whether the daemon can write its files.
            """)
        page.section("OPTIONS")
        page.item("--config FILE", "The daemon's configuration file; /etc/invited/invited.yaml unless given.")
        page.item(
            "--user USER",
            """
            `check`, for root only: the user whose rights read the files; `root` checks as root. Unless given, `invited` \
            where there is such a user; where there is none root checks as root, and a note says so.
            """)
        page.item(
            "--log-format text|json",
            "How log lines are written to standard error: for people and the system's journal, or as JSON.")
        page.item(
            "--log-level LEVEL",
            """
            The least important messages to log: `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`; \
            `info` unless given. `log level` of `invitectl`(1) changes it at run time.
            """)
        page.item("--version", "Show the version.")
        page.item("-h, --help", "Show how it is used.")
        page.section("SIGNALS")
        page.item(
            "SIGHUP",
            """
            Reads the files and applies them, as `config apply --yes` does. With one mistake nothing changes, and the log \
            says why. `systemctl reload` uses `invitectl` instead, which fails when the files are refused.
            """)
        page.item("SIGTERM, SIGINT", "Answer what was accepted, and end.")
        page.section("EXIT STATUS")
        page.item("0", "It was told to end, or all files are good.")
        page.item("1", "It could not start, or files have mistakes.")
        page.item("64", "It was used wrongly.")
        page.item(
            "78",
            """
            `run`: the daemon's file or the secret is refused, or the directory of the hosts' files is not there. Starting \
            again will not help.
            """)
        page.section("ENVIRONMENT")
        page.item(
            "CREDENTIALS_DIRECTORY", "Where `component-secret` is, the secret of the component (systemd.exec(5)).")
        page.item(
            "LISTEN_FDS, LISTEN_FDNAMES",
            "The sockets that systemd hands over; `control` is that of the shell, `web` of pages, `metrics` of metrics."
        )
        page.item("NOTIFY_SOCKET", "Where it says that it is ready, and how it is (sd_notify(3)).")
        page.item("WATCHDOG_USEC", "How often it gives a sign of life.")
        page.item("JOURNAL_STREAM", "Whether standard error is the system's journal.")
        page.section("SYSTEMD")
        page.paragraphs(
            """
            `invited.service` runs the daemon as the user `invited`, which may write its state and the hosts' files and \
            nothing else. `invited.socket` holds the shell's socket, so that it is there before the daemon, and stays while \
            the daemon restarts. `invited-web.socket`, which is optional, holds that of pages. `systemctl status invited` \
            shows how the connection to the XMPP server is.

            `READY=1` follows the first handshake with the XMPP server, or comes with a status text while the server is \
            away.

            A daemon that has crashed, or has given no sign of life for 15 seconds, is started again. One whose file is \
            refused (78), or whose secret systemd does not find (243, CREDENTIALS), is not: then each `invitectl`(1) tries \
            to start it once, and says that the connection was closed. `systemctl status invited` says why. When that is \
            mended, `systemctl start invited` starts the daemon, and its socket where that is gone.
            """)
        page.section("FILES")
        page.item("/etc/invited/invited.yaml", "The daemon's file; see `invited.yaml`(5).")
        page.item("/etc/invited/config.d", "The hosts' files.")
        page.item("/etc/invited/secret", "The component's secret, readable for root alone.")
        page.item("/run/invited/control.sock", "The shell's socket.")
        page.item("/var/lib/invited/hosts", "The databases, one a host.")
        page.item(
            "/var/lib/invited/journal",
            """
            Who changed what: `journal.ndjson`, and the sixteen files of 4 MiB before it. Each line is a JSON object: that a \
            command begins, or how it ended. Nothing in it is ever changed. `journal` of `invitectl`(1) shows it.
            """)
        page.item(
            "/var/lib/invited/web.key",
            "The key of the seals in forms. Without it a new one is made, and forms that are open have to be sent again."
        )
        page.section("NOTES")
        page.paragraphs(
            """
            Tried on Debian 12.11 (systemd 252) and 13.8 (systemd 257), with Prosody 0.12.3 and 13.0.1, ejabberd 23.01 and \
            24.12, and Swift 6.3.1.
            """)
        page.section("SEE ALSO")
        page.line("`invitectl`(1), `invited.yaml`(5)")
        return page
    }
}
