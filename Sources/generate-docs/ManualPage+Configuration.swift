import Configuration
import Shell

extension ManualPage {
    /// invited.yaml(5).
    static var configuration: ManualPage {
        var page = ManualPage("invited.yaml", section: 5, summary: "configuration of invited and of its hosts")
        page.section("SYNOPSIS")
        page.synopsis(["/etc/invited/invited.yaml", "/etc/invited/config.d/HOST.yaml"])
        page.section("DESCRIPTION")
        page.paragraphs(
            """
            The daemon reads one file of its own, and one for each host, named after the host. They are YAML 1.2: \
            mappings, lists and plain values, without merge keys. Every mistake is told as FILE:LINE:COLUMN, with what \
            was meant; `invited check` and `config check` show all of them.

            Relative paths are relative to the daemon's file. A length of time is written as numbers with `w`, `d`, `h`, \
            `m` and `s`, such as `1d12h`.

            What was changed in the files is in force after `config apply`, which `systemctl reload invited` is as well, \
            or after a restart, as each key says. With one mistake in any file nothing changes. At the start, a mistake in \
            a host's file stops that host alone.

            A link in the hosts' directory may lead to any other file in it, and to files elsewhere when root or the daemon's \
            user owns the link. Nothing is quoted from a file elsewhere unless root owns every link that leads to it, \
            nor from a file with several hard links: of its mistakes, only that there are some is shown.
            """)
        page.section("THE DAEMON'S FILE")
        for key in ConfigurationReference.daemonFile { page.describe(key) }
        page.section("A HOST'S FILE")
        page.paragraphs(
            """
            All keys may be left out. What a host's file leaves out, `defaults` in the daemon's file may say. A file that \
            leaves out all of them is `{}`: an empty one, which a full disk or a broken copy can leave, is a mistake.
            """)
        for key in ConfigurationReference.hostFile { page.describe(key) }
        page.section("EXAMPLES")
        page.line("The daemon's file:")
        page.literal(
            """
            component:
              jid: invites.host.example
              secret_file: secret
            defaults:
              admins: [admin@host.example]
            """)
        page.paragraphs("The file config.d/example.com.yaml:")
        page.literal(
            """
            admins: [admin@example.com]
            allow_user_invites: true
            invite_expiry: 3d
            """)
        page.section("FILES")
        page.item("/etc/invited/invited.yaml", "The daemon's file, unless `--config` names another.")
        page.item("/etc/invited/config.d", "The hosts' files. Others than those that end in `.yaml` are left alone.")
        page.item("/etc/invited/secret", "The component's secret, which the service hands over as a credential.")
        page.section("SEE ALSO")
        page.line("`invitectl`(1), `invited`(8)")
        return page
    }

    private mutating func describe(_ key: KeyDocumentation) {
        item(key.name, key.summary)
        var facts = "Takes \(key.type)."
        if let standard = key.standard { facts += " Default: `\(standard)`." }
        if let since = key.since { facts += " A change takes effect \(since.rawValue)." }
        itemParagraph(facts)
        itemLiteral(key.example)
    }
}
