extension DaemonKey {
    var documentation: KeyDocumentation {
        switch self {
        case .component:
            KeyDocumentation(
                rawValue, "a mapping", "How to reach the XMPP server as an external component (XEP-0114).",
                example: "component:\n  jid: invites.host.example\n  secret_file: secret", since: nil)
        case .stateDirectory:
            KeyDocumentation(
                rawValue, "a path", standard: DaemonConfiguration.standardStateDirectory,
                "The directory of the databases, one a host, and of the journal.",
                example: "state_directory: /srv/invited", since: .restart)
        case .hostsDirectory:
            KeyDocumentation(
                rawValue, "a path", standard: DaemonConfiguration.standardHostsDirectory,
                "The directory of the hosts' files, relative to this file.",
                example: "hosts_directory: /etc/invited/hosts", since: .apply)
        case .controlSocket:
            KeyDocumentation(
                rawValue, "a path", standard: DaemonConfiguration.standardControlSocket,
                """
                The Unix socket for operators, of at most \(DaemonSettings.longestSocketPath) bytes. A socket that \
                systemd hands over goes before it.
                """,
                example: "control_socket: /run/invited/control.sock", since: .restart)
        case .defaults:
            KeyDocumentation(
                rawValue, "a mapping", standard: "{}",
                "What hosts' files leave out: any of their keys but `host`, `service_address` and `base_url`.",
                example: "defaults:\n  admins: [admin@host.example]", since: .request)
        case .shell:
            KeyDocumentation(
                rawValue, "a mapping", "The operators' shell.",
                example: "shell:\n  roles:\n    - users: [ann]\n      role: operator", since: nil)
        case .web:
            KeyDocumentation(
                rawValue, "a mapping",
                """
                The pages of invites, for browsers. Without it there are none. A reverse proxy is in front of them, which \
                has the certificate. An apply listens at the new place before it leaves the old one.
                """,
                example: "web:\n  listen: 127.0.0.1:8480\n  base_url: https://invite.provider.example/\n"
                    + "  trusted_proxies: [127.0.0.1]", since: nil)
        case .metrics:
            KeyDocumentation(
                rawValue, "a mapping",
                """
                Counters for Prometheus at `/metrics`, and whether the daemon works at `/health`. Without it there are \
                none. Who can connect can read them.
                """,
                example: "metrics:\n  listen: 127.0.0.1:9480", since: nil)
        }
    }
}

extension ComponentKey {
    var documentation: KeyDocumentation {
        switch self {
        case .jid:
            KeyDocumentation(
                rawValue, "a domain", "The component's domain, as the server knows it. It needs no DNS entry.",
                example: "jid: invites.host.example", since: .restart)
        case .server:
            KeyDocumentation(
                rawValue, "`HOST:PORT`", standard: ServerAddress.standard.description,
                "Where the server listens for components. An IPv6 address goes in brackets, and all of it in quotes.",
                example: "server: \"[::1]:5347\"", since: .restart)
        case .secret:
            KeyDocumentation(
                rawValue, "a text", "The secret that the server has for this component, instead of `secret_file`.",
                example: "secret: \"correct horse battery staple\"", since: .restart)
        case .secretFile:
            KeyDocumentation(
                rawValue, "a path",
                """
                A file with the secret on its only line, relative to this file. The systemd credential \
                `\(DaemonSettings.credentialName)` goes before it and before `secret`.
                """,
                example: "secret_file: secret", since: .restart)
        }
    }
}

extension WebKey {
    var documentation: KeyDocumentation {
        switch self {
        case .listen:
            KeyDocumentation(
                rawValue, "`HOST:PORT`, or the path of a Unix socket",
                """
                Where the pages are served over HTTP: an address, or the path of a Unix socket, which only the daemon's group \
                may use. A socket named `web` that systemd hands over goes before it.
                """,
                example: "listen: 127.0.0.1:8480", since: .apply)
        case .baseURL:
            KeyDocumentation(
                rawValue, "a URL",
                """
                What browsers open: an invite's page is at BASE/HOST/TOKEN. Requests for other servers are refused. With \
                https, browsers are told to stay with it.
                """,
                example: "base_url: https://invite.provider.example/", since: .apply)
        case .trustedProxies:
            KeyDocumentation(
                rawValue, "a list of addresses", standard: "[]",
                """
                Whose `X-Forwarded-For` or `Forwarded` says where a request is from, in addresses or ranges of them, at most \
                100. Who connects over a Unix socket is believed.
                """,
                example: "trusted_proxies: [127.0.0.1, \"::1\", 10.0.0.0/8]", since: .apply)
        case .templates:
            KeyDocumentation(
                rawValue, "a path",
                """
                A directory with files that take the place of those that pages come with: templates, style sheet, images and \
                the list of apps (`apps.yaml`). Relative to this file.
                """,
                example: "templates: pages", since: .apply)
        case .texts:
            KeyDocumentation(
                rawValue, "a path",
                """
                A directory with texts of pages, a file a language, which take the place of those of the same names. Relative to \
                this file.
                """,
                example: "texts: texts", since: .apply)
        case .apps:
            KeyDocumentation(
                rawValue, "a path",
                """
                A file with the list of apps, instead of that which comes along, and of `apps.yaml` in `templates`. Relative to \
                this file.
                """,
                example: "apps: apps.yaml", since: .apply)
        }
    }
}

extension MetricsKey {
    var documentation: KeyDocumentation {
        switch self {
        case .listen:
            KeyDocumentation(
                rawValue, "`HOST:PORT`, or the path of a Unix socket",
                "Where metrics are served over HTTP. A socket named `metrics` that systemd hands over goes before it.",
                example: "listen: 127.0.0.1:9480", since: .apply)
        }
    }
}

extension ShellKey {
    var documentation: KeyDocumentation {
        switch self {
        case .roles:
            KeyDocumentation(
                rawValue, "a list", standard: "[]",
                """
                Who may do what at the control socket. Root and the daemon's own user may do everything. Whoever several \
                items fit has the rights of each, on its hosts.
                """,
                example: "roles:\n  - groups: [support]\n    role: viewer", since: .apply)
        }
    }
}

extension GrantKey {
    var documentation: KeyDocumentation {
        switch self {
        case .users:
            KeyDocumentation(
                rawValue, "a list of names or numbers",
                "The users whom an item is for. It has `users`, `groups` or both.",
                example: "users: [ann, 1001]", since: .apply)
        case .groups:
            KeyDocumentation(
                rawValue, "a list of names or numbers", "The groups whose members an item is for.",
                example: "groups: [support]", since: .apply)
        case .role:
            KeyDocumentation(
                rawValue, "`viewer`, `operator` or `admin`",
                """
                What they may do: a `viewer` looks, an `operator` changes hosts and invites, an `admin` changes \
                everything.
                """,
                example: "role: operator", since: .apply)
        case .hosts:
            KeyDocumentation(
                rawValue, "a list of domains", standard: "all",
                "The hosts that they see, with `\"*.example.com\"` all below example.com. Other hosts do not exist for them.",
                example: "hosts: [a.example, \"*.customer.example\"]", since: .apply)
        }
    }
}
