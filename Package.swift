// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // An async call goes on where its caller runs; otherwise each would cross to another thread and back.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "invited",
    products: [
        .executable(name: "invited", targets: ["invited"]),
        .executable(name: "invitectl", targets: ["invitectl"]),
        // For the package in Fuzzing; no API for others.
        .library(
            name: "InvitedModules",
            targets: [
                "Access", "Accounts", "Component", "Configuration", "Control", "Daemon", "Invites", "Languages",
                "Pages", "QR", "Reconfiguration", "Runtime",
                "Shell", "Storage", "Supervision", "TestSupport", "Text", "Web", "XMPP", "YAML",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-crypto", "4.5.2"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibIDN", pkgConfig: "libidn", providers: [.apt(["libidn-dev"])]),
        .systemLibrary(name: "CLibMD", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
        .systemLibrary(name: "CLibEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .systemLibrary(name: "CLibQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CXAttr"),
        .systemLibrary(name: "CFileAllocation"),
        .target(name: "CSQLiteSettings"),
        .target(name: "CTexts"),

        .target(
            name: "XMPP",
            dependencies: [
                "CLibIDN", "CLibMD", "CLibXML2",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(
            name: "Runtime",
            dependencies: [
                "CFileAllocation", "Invites", "Text",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(name: "Text", swiftSettings: settings),
        .target(name: "QR", dependencies: ["CLibQREncode"], swiftSettings: settings),
        .target(
            name: "Languages", dependencies: ["CTexts", "Text", "YAML"], exclude: ["Texts"], swiftSettings: settings),
        .target(name: "YAML", dependencies: ["CLibYAML", "Text"], swiftSettings: settings),
        .target(name: "Invites", swiftSettings: settings),
        .target(
            name: "Storage",
            dependencies: [
                "CSQLiteSettings", "Invites", "Runtime",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.embedInCode("SQLite/Schema")],
            swiftSettings: settings),
        .target(
            name: "Configuration",
            dependencies: [
                "CLibMD", "CXAttr", "Invites", "Languages", "Pages", "Runtime", "Shell", "Text", "XMPP", "YAML",
            ],
            swiftSettings: settings),
        .target(
            name: "Accounts",
            dependencies: [
                "Configuration", "Invites", "XMPP",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .target(
            name: "Supervision",
            dependencies: [
                "Accounts", "Configuration", "Invites", "Languages", "Runtime", "Storage", "XMPP",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(
            name: "Reconfiguration",
            dependencies: [
                "Configuration", "Invites", "Runtime", "Supervision", "XMPP", "YAML",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .target(
            name: "Component",
            dependencies: [
                "Accounts", "Configuration", "Invites", "Languages", "Runtime", "Storage", "Supervision", "XMPP",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(
            name: "Web",
            dependencies: [
                "Invites", "Languages", "Pages", "Runtime", "XMPP",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["COMMON-PASSWORDS.md"],
            swiftSettings: settings),
        .target(
            name: "Daemon",
            dependencies: [
                "Accounts", "Component", "Configuration", "Invites", "Languages", "Pages", "Reconfiguration",
                "Runtime", "Storage",
                "Supervision", "Web", "XMPP", "YAML",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(name: "Shell", dependencies: ["Invites", "Text"], swiftSettings: settings),
        .target(
            name: "Access", dependencies: ["Configuration", "Shell", "XMPP"], swiftSettings: settings),
        .target(
            name: "Control",
            dependencies: [
                "Access", "Accounts", "Component", "Configuration", "Daemon", "Invites", "Languages", "QR",
                "Reconfiguration",
                "Runtime",
                "Shell", "Storage", "Supervision", "Text", "XMPP", "YAML",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .target(
            name: "Pages",
            dependencies: [
                "Invites", "Languages", "QR", "Runtime", "Text", "YAML",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            resources: [
                .embedInCode("Apps/apps.yaml"), .embedInCode("Logos"), .embedInCode("Static"),
                .embedInCode("Templates"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "invited",
            dependencies: [
                "Access", "Component", "Configuration", "Control", "Daemon", "Pages", "Reconfiguration", "Runtime",
                "Shell", "Storage", "Supervision", "Web", "XMPP", "YAML",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),

        .executableTarget(
            name: "invitectl",
            dependencies: ["CLibEdit", "Shell", "Text"],
            swiftSettings: settings),

        // Writes the documents that are made from commands and keys; not installed.
        .executableTarget(name: "generate-docs", dependencies: ["Configuration", "Shell"], swiftSettings: settings),

        .target(
            name: "TestSupport",
            dependencies: [
                "Configuration", "Control", "Invites", "Runtime", "Shell", "Storage", "Supervision", "XMPP",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/TestSupport", swiftSettings: settings),
        // Tests against real servers ask providers through it.
        .executableTarget(
            name: "accounts-driver",
            dependencies: [
                "Accounts", "Component", "Configuration", "Daemon", "Invites", "Runtime", "Supervision", "XMPP",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/AccountsDriver", swiftSettings: settings),
        .testTarget(
            name: "XMPPTests",
            dependencies: [
                "CLibXML2", "TestSupport", "XMPP",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: settings),
        .testTarget(
            name: "RuntimeTests", dependencies: ["Invites", "Runtime", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "AccountsTests", dependencies: ["Accounts", "Configuration", "Invites", "TestSupport", "XMPP"],
            swiftSettings: settings),
        .testTarget(name: "LanguagesTests", dependencies: ["Languages", "YAML"], swiftSettings: settings),
        .testTarget(name: "InvitesTests", dependencies: ["Invites", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "StorageTests", dependencies: ["Storage", "TestSupport"], resources: [.copy("Fixtures")],
            swiftSettings: settings),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: [
                "CXAttr", "Configuration", "Invites", "Languages", "Pages", "Runtime", "Shell", "TestSupport", "Text",
                "XMPP", "YAML",
            ],
            resources: [.copy("Fixtures")], swiftSettings: settings),
        .testTarget(
            name: "SupervisionTests",
            dependencies: [
                "Accounts", "Component", "Configuration", "Daemon", "Invites", "Languages", "Reconfiguration",
                "Runtime", "Storage",
                "Supervision",
                "TestSupport", "XMPP", "YAML",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(name: "ShellTests", dependencies: ["Shell", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "DocumentationTests", dependencies: ["Configuration", "Shell", "TestSupport", "generate-docs"],
            swiftSettings: settings),
        .testTarget(
            name: "AccessTests", dependencies: ["Access", "Configuration", "Shell", "XMPP"], swiftSettings: settings),
        .testTarget(name: "QRTests", dependencies: ["QR"], swiftSettings: settings),
        .testTarget(
            name: "PagesTests",
            dependencies: [
                "Invites", "Languages", "Pages", "YAML",
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            swiftSettings: settings),
        // Writes the pages that the tests in Tests/Browser look at; not installed.
        .executableTarget(
            name: "render-pages", dependencies: ["Invites", "Languages", "Pages"], path: "Tests/RenderPages",
            swiftSettings: settings),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Invites", "Pages", "Runtime", "TestSupport", "Web",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ControlTests",
            dependencies: [
                "Access", "Accounts", "Component", "Configuration", "Control", "Daemon", "Invites", "QR",
                "Reconfiguration",
                "Runtime",
                "Shell", "Storage", "Supervision", "TestSupport", "XMPP",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
