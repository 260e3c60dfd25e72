extension StaticFiles {
    /// The built-in files.
    static let embedded: [String: [UInt8]] = [
        "style.css": PackageResources.style_css,
        "username.js": PackageResources.username_js,
        "icon.svg": PackageResources.icon_svg,
        "conversations.svg": PackageResources.conversations_svg,
        "cheogram.svg": PackageResources.cheogram_svg,
        "monal.svg": PackageResources.monal_svg,
        "siskin.svg": PackageResources.siskin_svg,
        "yaxim.svg": PackageResources.yaxim_svg,
        "snikket.svg": PackageResources.snikket_svg,
        "dino.svg": PackageResources.dino_svg,
        "gajim.svg": PackageResources.gajim_svg,
        "kaidan.svg": PackageResources.kaidan_svg,
        "beagle.svg": PackageResources.beagle_svg,
        "movim.svg": PackageResources.movim_svg,
    ]

    /// Whether there is an image of that name.
    func isImage(_ name: String) -> Bool {
        hashedName(of: name) != nil && (name.hasSuffix(".svg") || name.hasSuffix(".png"))
    }
}
