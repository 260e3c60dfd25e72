import Invites
import XMPP

extension HostConfiguration {
    /// Takes over what is set; the host's name stays.
    mutating func apply(_ settings: HostSettings) {
        if let setting = settings.admins { admins = setting.value }
        if let setting = settings.allowUserInvites { allowUserInvites = setting.value }
        if let setting = settings.allowContactInvites { allowContactInvites = setting.value }
        if let setting = settings.inviteExpiry { inviteExpiry = setting.value }
        if let setting = settings.serviceAddress { serviceAddress = setting.value.domain }
        if let setting = settings.siteName { siteName = setting.value }
        if let setting = settings.suspended { suspended = setting.value }
    }

    /// The value of a key as it could stand in the host's file, in one line of YAML; `nil` where it has none.
    public func value(of key: HostKey) -> String? {
        switch key {
        case .host: YAMLText.scalar(host)
        case .admins: YAMLText.list(admins.map(\.description).sorted())
        case .allowUserInvites: String(allowUserInvites)
        case .allowContactInvites: String(allowContactInvites)
        case .inviteExpiry: YAMLText.scalar(inviteExpiry.description)
        case .serviceAddress: serviceAddress.map(YAMLText.scalar)
        case .siteName: siteName.map(YAMLText.scalar)
        case .suspended: String(suspended)
        }
    }
}
