import Shell

extension ManualPage {
    /// invitectl(1).
    static func client(_ registry: CommandRegistry) -> ManualPage {
        var page = ManualPage("invitectl", section: 1, summary: "look at and change a running invited")
        page.section("SYNOPSIS")
        page.synopsis(ClientReference.synopsis)
        page.section("DESCRIPTION")
        page.paragraphs(ClientReference.description)
        page.section("OPTIONS")
        for option in ClientCommandLine.options {
            page.item(ClientReference.usage(of: option), option.summary + ".")
        }
        page.section("COMMANDS")
        page.line(
            "How long something is good for is written as numbers with `w`, `d`, `h`, `m` and `s`, such as `1d12h`.")
        for spec in registry.commands { page.describe(spec) }
        page.section("ROLES")
        page.paragraphs(ClientReference.roles)
        page.section("EXIT STATUS")
        for status in ExitStatus.allCases {
            page.item("\(status.rawValue)", ClientReference.meaning(of: status))
            let codes = ClientReference.codes(of: status).map { "`\($0.rawValue)`" }
            page.itemParagraph(codes.joined(separator: ", "))
        }
        page.item("130", "It was ended by Ctrl-C.")
        page.section("ENVIRONMENT")
        page.item("INVITED_SOCKET", "The daemon's socket, unless `--socket` names one.")
        page.item("PAGER", "Shows what is longer than the terminal.")
        page.item("VISUAL, EDITOR", "Changes a file for `config edit`.")
        page.item("NO_COLOR", "When set, nothing is coloured, not even on a terminal.")
        page.section("FILES")
        page.item("/run/invited/control.sock", "The daemon's socket.")
        page.item(
            "$XDG_STATE_HOME/invitectl/history",
            "What was typed; `~/.local/state` stands for the directory unless it is set. Secrets are not in it.")
        page.section("EXAMPLES")
        for spec in registry.commands {
            for example in spec.examples.prefix(1) where spec.effect != .read {
                page.item("invitectl \(example.line)", example.summary + ".")
            }
        }
        page.section("SEE ALSO")
        page.line("`invited.yaml`(5), `invited`(8)")
        return page
    }

    private mutating func describe(_ spec: CommandSpec) {
        subsection(spec.name)
        synopsis([spec.usage])
        paragraphs(spec.summary + ".")
        if !spec.discussion.isEmpty { paragraphs(spec.discussion) }
        for argument in spec.arguments { item(argument.placeholder, argument.summary + ".") }
        for option in spec.options { item(option.usage, option.summary + "." + spec.rights(of: option)) }
        let fields = spec.result.fields
        switch spec.result {
        case .nothing: break
        case .text: paragraphs("It answers with text.")
        case .table, .record, .events:
            let names = fields.map { "`\($0.name)`" }.joined(separator: ", ")
            paragraphs("It shows \(names).")
        }
        paragraphs(spec.rights)
    }
}
