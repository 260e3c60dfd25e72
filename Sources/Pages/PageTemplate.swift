/// The templates that pages are made from. Others are parts that these include.
enum PageTemplate: String, CaseIterable, Hashable, Sendable {
    case landing, app, registration, registered
    case resetForm = "reset-form"
    case passwordSet = "password-set"
    case problem
}
