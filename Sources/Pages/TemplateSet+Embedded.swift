extension TemplateSet {
    /// The built-in templates.
    static let embedded: [Source] = [
        Source(name: "app-row", file: "app-row.mustache", bytes: PackageResources.app_row_mustache),
        Source(name: "app", file: "app.mustache", bytes: PackageResources.app_mustache),
        Source(name: "back", file: "back.mustache", bytes: PackageResources.back_mustache),
        Source(name: "expiry", file: "expiry.mustache", bytes: PackageResources.expiry_mustache),
        Source(name: "foot", file: "foot.mustache", bytes: PackageResources.foot_mustache),
        Source(name: "head", file: "head.mustache", bytes: PackageResources.head_mustache),
        Source(name: "landing", file: "landing.mustache", bytes: PackageResources.landing_mustache),
        Source(name: "mistake", file: "mistake.mustache", bytes: PackageResources.mistake_mustache),
        Source(name: "open", file: "open.mustache", bytes: PackageResources.open_mustache),
        Source(name: "password-set", file: "password-set.mustache", bytes: PackageResources.password_set_mustache),
        Source(name: "password", file: "password.mustache", bytes: PackageResources.password_mustache),
        Source(name: "problem", file: "problem.mustache", bytes: PackageResources.problem_mustache),
        Source(name: "registered", file: "registered.mustache", bytes: PackageResources.registered_mustache),
        Source(name: "registration", file: "registration.mustache", bytes: PackageResources.registration_mustache),
        Source(name: "reset-form", file: "reset-form.mustache", bytes: PackageResources.reset_form_mustache),
        Source(name: "way-apps", file: "way-apps.mustache", bytes: PackageResources.way_apps_mustache),
        Source(name: "way-open", file: "way-open.mustache", bytes: PackageResources.way_open_mustache),
    ]
}
