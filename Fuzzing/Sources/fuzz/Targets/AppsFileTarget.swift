@testable import Pages
@testable import YAML

struct AppsFileTarget: FuzzTarget {
    static let name = "apps-file"
    static let holds = "a list of apps is read, or refused with places that are in it; what it links to is of the web"
    static let flags = ["-max_len=8192"]

    func run(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input)
        switch AppReader.read(bytes, file: "/apps.yaml", hasImage: { $0.hasSuffix(".svg") }) {
        case .failure(let errors):
            expect(!errors.diagnostics.isEmpty, "refused without a reason")
            expectPlaces(of: errors.diagnostics, within: bytes)
        case .success(let list):
            expect(Set(list.apps.map(\.id)).count == list.apps.count, "an id is there twice")
            for app in list.apps {
                expect(AppReader.isID(app.id), "\(app.id) is an id")
                expect(app.link?.isWebURL ?? true, "\(app.link ?? "")")
                for button in app.buttons { expect(button.url.isWebURL, button.url) }
            }
        }
    }
}
