/// In the order in which `scripts/fuzz` runs them.
let targets: [any FuzzTarget.Type] = [
    JIDTarget.self,
    StreamTarget.self,
    RequestsTarget.self,
    ModuleTarget.self,
    DurationTarget.self,
    HostFileTarget.self,
    HostEditTarget.self,
    DaemonFileTarget.self,
    SnapshotTarget.self,
    ShellLineTarget.self,
    MessageTarget.self,
    RendererTarget.self,
    SessionTarget.self,
    JournalTarget.self,
    AcceptLanguageTarget.self,
    TextsFileTarget.self,
]
