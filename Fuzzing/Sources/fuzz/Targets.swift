/// In the order in which `scripts/fuzz` runs them.
let targets: [any FuzzTarget.Type] = [
    JIDTarget.self,
    StreamTarget.self,
    RequestsTarget.self,
]
